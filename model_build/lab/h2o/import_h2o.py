"""Turn an experiment of H2O Hydrogen Torch into one of the lab."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from daemon.errors import InputError
from model_build.lab.experiment import Experiment
from model_build.lab.h2o.h2o_file import H2oFile
from model_build.lab.h2o.sections import augmentation, front_end, model, training, validation

_OTHER_PROBLEMS = ("regression", "speech")
_REGRESSION_LOSSES = {"MSE", "MAE", "RMSE", "RMSLE", "CTC"}


class Imported(NamedTuple):
    """An experiment, and what differs from the file that it was made from."""

    experiment: Experiment
    """The experiment of the lab."""
    changed: list[str]
    """What was changed, a sentence each."""
    ignored: list[str]
    """The keys that the lab does not have."""

    @property
    def yaml(self) -> str:
        """The experiment as a YAML file; the remarks are comments."""
        remarks = [f"# {one}" for one in self.changed]
        if self.ignored:
            remarks.append(f"# ignored: {', '.join(self.ignored)}")
        values = yaml.safe_dump(
            msgspec.to_builtins(self.experiment), sort_keys=False, allow_unicode=True
        )
        return "\n".join([*remarks, values])


def import_h2o(path: Path) -> Imported:
    """Read the file of an experiment of H2O Hydrogen Torch, and return it as one of the lab.

    Raises InputError if it is not an audio classification, or lacks a table, a file column or
    labels.
    """
    file = H2oFile(path)
    _check_problem(file)
    sections = {
        "name": _name(file),
        "seed": int(file.number("environment", "seed", -1)),
        "data": _data(file),
        "front_end": front_end(file),
        "model": model(file),
        "training": training(file),
        "augmentation": augmentation(file),
        "validation": validation(file),
    }
    given = {name: value for name, value in sections.items() if value != {}}
    try:
        experiment = msgspec.convert(given, Experiment, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: the lab cannot run it: {error}") from None
    return Imported(experiment, file.remarks, file.unused())


def _check_problem(file: H2oFile) -> None:
    problem = str(file.take("", "problem_type") or file.take("dataset", "problem_type") or "")
    loss = str(file.take("training", "loss_function", ""))
    found = next((one for one in _OTHER_PROBLEMS if one in problem.lower()), "")
    if found or loss.upper() in _REGRESSION_LOSSES:
        raise InputError(
            f"{file.path}: its problem is {problem or loss}; the lab only classifies recordings"
        )


def _name(file: H2oFile) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", str(file.take("", "experiment_name", "imported")).lower())
    return words.strip("-")[:64].strip("-") or "imported"


def _data(file: H2oFile) -> dict[str, Any]:
    labels = file.texts("dataset", "label_columns")
    needed = {
        "path": file.take("dataset", "train_dataframe"),
        "file_column": file.take("dataset", "audio_column"),
        "label_columns": labels,
    }
    keys = {"path": "train_dataframe", "file_column": "audio_column"}
    for name, value in needed.items():
        if not value:
            raise InputError(f"{file.path}: dataset.{keys.get(name, name)} is missing; set it")
    found = {
        "layout": "table",
        **needed,
        "audio_folder": file.take("dataset", "data_folder", ""),
        "test_path": file.take("dataset", "test_dataframe", ""),
        "test_audio_folder": file.take("dataset", "data_folder_test", ""),
        "multi_label": len(labels) > 1,
        "group_column": _group(file),
        "fold_column": file.take("dataset", "fold_column", ""),
    }
    if file.take("dataset", "validation_dataframe"):
        file.note("the validation table is not used; the lab divides the training table")
    return {name: value for name, value in found.items() if value}


def _group(file: H2oFile) -> str:
    """Return the column of groups; the column of file names groups nothing."""
    column = str(file.take("dataset", "group_fold_column", ""))
    if column and column == file.take("dataset", "audio_column"):
        file.note(
            f"the group column is {column}, the file name: it groups nothing, so the folds are at "
            "random; set data.group_pattern to group them"
        )
        return ""
    return column
