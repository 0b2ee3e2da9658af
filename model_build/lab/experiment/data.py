"""The section `data`: which recordings, and where their labels are."""

import re
import unicodedata
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from model_build.recipe.section import Count, Section

Layout = Literal[
    "table",
    "folders",
    "nsynth",
    "musicnet",
    "fsdkaggle2018",
    "irmas",
    "medley-solos-db",
    "openmic",
    "corpus",
]
Text = Annotated[str, Meta(min_length=1)]

_PATHS = ("path", "audio_folder", "test_path", "test_audio_folder")
_COMPARED = ("file_column", "label_columns", "fold_column", "group_column", "ignored", "only")
"""Names that are compared with those of the data, in any Unicode normalisation."""
_LAYOUTS_OF = {
    "audio_folder": {"table"},
    "file_column": {"table"},
    "label_columns": {"table"},
    "fold_column": {"table"},
    "group_column": {"table"},
    "test_path": {"table", "folders"},
    "test_audio_folder": {"table"},
    "segment_seconds": {"musicnet"},
    "verified_only": {"fsdkaggle2018"},
    "kinds": {"corpus"},
}
"""The layouts that a key belongs to; keys that are not here belong to all."""


class Data(Section, frozen=True, kw_only=True, omit_defaults=True):
    """The recordings of an experiment. Raises ValueError if two keys contradict each other."""

    layout: Layout
    """How the files are arranged: a `table` with a row per recording, `folders` named after the
    classes, a corpus of Timbrel, or the layout of a public data set."""
    path: Text
    """The table (.csv, .tsv or .parquet), or the folder of the data set; also a URL of fsspec, such
    as s3://… or zip://…, which is copied to `download_folder` first."""
    audio_folder: str = ""
    """Folder of the recordings that a table names. Default: the folder of the table."""
    file_column: str = ""
    """Column of a table with the recordings' names; required for a table."""
    label_columns: tuple[Text, ...] = ()
    """Column of a table with the label, or a column of 0 and 1 per class; required for a table."""
    label_separator: Annotated[str, Meta(max_length=1)] = ";"
    """Character between the labels of a recording, if `multi_label` is on."""
    fold_column: str = ""
    """Column of a table with the number of the fold, for `validation.strategy: own-folds`."""
    group_column: str = ""
    """Column of a table with the group, such as the player. Default: no groups."""
    group_pattern: str = ""
    """Regular expression for the file name, or for its path in the folder of the recordings if it
    does not match there; its first parentheses capture the group."""
    test_path: str = ""
    """A second table or folder of the same layout, used only for the test figures."""
    test_audio_folder: str = ""
    """Folder of the recordings of the test table. Default: the folder of that table."""
    download_folder: Text = "runs/lab/downloads"
    """Folder for the copies of what is at URLs. Copies are kept as long as the size is the same."""
    multi_label: bool = False
    """True if a recording can have several labels or none."""
    ignored: tuple[str, ...] = ("None", "Ignored")
    """Labels that mean "no label": such rows are ignored and counted."""
    classes: dict[str, Text] = msgspec.field(default_factory=dict)
    """Replacements of labels, such as a misspelling by the right spelling."""
    only: tuple[Text, ...] = ()
    """The classes to use, after the replacements. Default: all."""
    most_recordings: Count | None = None
    """The most training recordings to use, about: whole groups are drawn, of each class in
    proportion, and the same ones in all experiments. Default: all."""
    kinds: tuple[Text, ...] = ("phrase",)
    """Kinds of the clips of a corpus that are used, such as `drum`."""
    verified_only: bool = False
    """True to train only on clips of FSDKaggle2018 whose label was verified by hand."""
    segment_seconds: Annotated[float, Meta(gt=0)] = 4.0
    """Seconds of the segments that the recordings of MusicNet are divided into."""
    test_near_duplicates: Literal["keep", "leave-out"] = "keep"
    """What is done with test recordings of the same sound as a training recording, also with
    another gain, start or codec."""
    group_near_duplicates: bool = False
    """True to put training recordings of the same sound into one group, beside the other
    groups."""
    balancing: Literal["none", "weights", "down-sampling"] = "none"
    """What is done for rare classes in training: nothing, weigh each class alike, or leave out
    clips of the larger classes."""

    def __post_init__(self) -> None:
        for name in (*_COMPARED, "classes"):
            msgspec.structs.force_setattr(self, name, _composed(getattr(self, name)))
        if len(set(self.label_columns)) < len(self.label_columns):
            raise ValueError("label_columns: one is named twice")
        for name, layouts in _LAYOUTS_OF.items():
            if self.layout not in layouts and name in _set_keys(self):
                raise ValueError(
                    f"{name} belongs to the layout {' or '.join(sorted(layouts))}, "
                    f"not to {self.layout}"
                )
        for name in _PATHS:
            _check_url(name, getattr(self, name))
        if self.layout == "table" and not (self.file_column and self.label_columns):
            raise ValueError("a table needs file_column and label_columns")
        if self.group_column and self.group_pattern:
            raise ValueError("set only one of group_column and group_pattern")
        if self.group_pattern:
            _check_pattern(self.group_pattern)
        if self.multi_label and self.balancing == "down-sampling":
            raise ValueError("balancing: down-sampling is not possible with multi_label")


def _composed(value: Any) -> Any:
    if isinstance(value, dict):
        return {_composed(key): _composed(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_composed, value))
    return unicodedata.normalize("NFC", value)


def _check_url(name: str, path: str) -> None:
    """Refuse a password: all files of a run contain the URL."""
    for part in path.split("::"):
        _, is_url, place = part.partition("://")
        if is_url and ":" in place.partition("/")[0].rpartition("@")[0]:
            raise ValueError(
                f"{name}: a URL must not contain a password; give it in the way that fsspec's "
                "package for this protocol reads passwords from"
            )


def _check_pattern(pattern: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"group_pattern: {error}") from None
    if groups < 1:
        raise ValueError("group_pattern needs parentheses around the part that names the group")


def _set_keys(data: Data) -> set[str]:
    """Return the keys of `_LAYOUTS_OF` whose value differs from the default."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(Data)}
    return {name for name in _LAYOUTS_OF if getattr(data, name) != defaults[name]}
