"""Compare the built-in model with a newer one, and replace it."""

import shutil
from pathlib import Path

import msgspec

from daemon.errors import InputError
from daemon.hearing.classifier import load_classifier
from daemon.system.files.whole_file import whole_file

NOT_MEASURED = "-"


class ModelFigures(msgspec.Struct, frozen=True):
    """The JSON file beside a model file: the run that made it, and its figures."""

    model: str
    """Name and version."""
    recipe_sha256: str
    """Hash of the recipe's settings."""
    corpus_sha256: str
    """Hash of the corpus' manifest."""
    seed: int
    """The recipe's seed."""
    acceptance: dict[str, float]
    """Greatest differences of score, 0..1, by sound and conversion."""
    thresholds: dict[str, float]
    """Threshold of each family, 0..1."""
    held_precision: dict[str, float]
    """Precision of each threshold on held-out windows, 0..1."""
    held_recall: dict[str, float]
    """Recall of each threshold on held-out windows, 0..1."""
    metrics: dict[str, float]
    """Figures on the dev clips by name."""
    environment: dict[str, str]
    """The machine and the versions of packages."""


def read_figures(model: Path) -> ModelFigures:
    """Read the figures beside a model file. Raises InputError if they are missing or invalid."""
    path = model.with_suffix(".json")
    try:
        return msgspec.json.decode(path.read_bytes(), type=ModelFigures)
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; timbrel-build all writes it with the model"
        ) from None
    except msgspec.MsgspecError as error:
        raise InputError(f"{path}: {error}; make the model again with timbrel-build all") from None


def comparison(old: ModelFigures, new: ModelFigures) -> str:
    """Return a table of all figures of two models and their changes.

    It ends with a warning if the models were made from different corpora.
    """
    names = dict.fromkeys([*old.metrics, *new.metrics])
    rows = [["", f"built-in: {old.model}", f"new: {new.model}", "change"]]
    rows += [[name, *_cells(old.metrics.get(name), new.metrics.get(name))] for name in names]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in rows
    )
    if old.corpus_sha256 == new.corpus_sha256:
        return table
    return (
        f"{table}\nThe two were made from different corpora, so their figures may not be "
        "comparable. Measure both on the same corpus with timbrel-build evaluate."
    )


def replace(model: Path, built_in: Path) -> None:
    """Replace the built-in model and its figures with those of a model file.

    Raises InputError, and changes nothing, if the daemon could not load the model.
    """
    load_classifier(model)
    for suffix in (".json", ".tflite"):
        with whole_file(built_in.with_suffix(suffix)) as fresh:
            shutil.copyfile(model.with_suffix(suffix), fresh)


def _cells(old: float | None, new: float | None) -> list[str]:
    change = NOT_MEASURED if old is None or new is None else f"{new - old:+.4g}"
    return [*(NOT_MEASURED if value is None else f"{value:.4g}" for value in (old, new)), change]
