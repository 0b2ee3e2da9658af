"""Compare the built-in model with a newer one, and replace it."""

import shutil
from pathlib import Path

import msgspec

from daemon.errors import InputError
from daemon.hearing.classifier import load_classifier
from daemon.system.whole_file import whole_file

NOT_MEASURED = "-"


class ModelFigures(msgspec.Struct, frozen=True):
    """The JSON file beside a model file: the run that made it, and its figures on the dev clips."""

    model: str
    recipe_sha256: str
    corpus_sha256: str
    seed: int
    acceptance: dict[str, float]
    thresholds: dict[str, float]
    held_precision: dict[str, float]
    held_recall: dict[str, float]
    metrics: dict[str, float]
    environment: dict[str, str]


def read_figures(model: Path) -> ModelFigures:
    """The figures of a model file; raises InputError when it has none beside it."""
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
    """Every figure of two models and its change, as a table; says when they cannot be compared."""
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
        f"{table}\nThe two were made from different corpora, so these figures may not compare: "
        "measure both on one corpus with timbrel-build evaluate"
    )


def replace(model: Path, built_in: Path) -> None:
    """Put a model file and its figures in the place of the built-in ones.

    Raises InputError, and changes nothing, when the daemon could not load the model.
    """
    load_classifier(model)
    for suffix in (".json", ".tflite"):
        with whole_file(built_in.with_suffix(suffix)) as fresh:
            shutil.copyfile(model.with_suffix(suffix), fresh)


def _cells(old: float | None, new: float | None) -> list[str]:
    change = NOT_MEASURED if old is None or new is None else f"{new - old:+.4g}"
    return [*(NOT_MEASURED if value is None else f"{value:.4g}" for value in (old, new)), change]
