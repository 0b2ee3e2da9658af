"""What the page says of a run's model: its layers, its size and its cost."""

from pathlib import Path

import msgspec

from model_build.lab.executor.pool import Workers, open_pool
from model_build.lab.run.lab_run import LabRun, Record
from model_build.networks.quiet_keras import import_keras


class File(msgspec.Struct, frozen=True):
    """A file of the model."""

    name: str
    """Its name in the run folder."""
    size: int
    """Bytes."""


class ModelFacts(msgspec.Struct, frozen=True):
    """The final model of a run."""

    summary: str
    """Its layers or parameters, as its library prints them."""
    parameters: int | None
    """Number of parameters of a network."""
    files: list[File]
    """Its files."""
    cost: list[tuple[str, str]] = []
    """More about it, such as its time on the daemon's runtime, as names and texts."""


def model_facts(run: LabRun, record: Record, workers: Workers = None) -> ModelFacts:
    """Return the facts of the final model; without a summary if it is not there."""
    files = [
        File(str(path.relative_to(run.folder)), path.stat().st_size)
        for path in sorted(run.folder.rglob("*"))
        if path.suffix in (".keras", ".joblib", ".tflite")
    ]
    text, parameters = "", None
    if record.experiment.model.is_classical:
        text = _settings(record)
    else:
        with open_pool(workers) as pool:
            # A worker has imported TensorFlow already, which takes seconds.
            text, parameters = pool.executor.submit(_network, run.model).result()
    return ModelFacts(text, parameters, files, _costs(record))


def _costs(record: Record) -> list[tuple[str, str]]:
    if not record.pruned:
        return []
    before, after = record.pruned.before, record.pruned.after
    return [
        ("Weights, pruned", f"{after.weights:,} of {before.weights:,}"),
        ("As int8 TFLite", f"{after.bytes / 1e3:.1f} kB of {before.bytes / 1e3:.1f} kB"),
        ("CPU of a chunk", f"{after.milliseconds:.2f} ms of {before.milliseconds:.2f} ms"),
    ]


def _settings(record: Record) -> str:
    model = record.experiment.model
    set_ = msgspec.to_builtins(model)
    return "\n".join(f"{name}: {value}" for name, value in set_.items())


def _network(folder: Path) -> tuple[str, int | None]:
    file = folder / "model.keras"
    if not file.is_file():
        return "", None
    import_keras()
    import keras

    model = keras.models.load_model(file, compile=False)
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line), line_length=76)
    return "\n".join(lines), int(model.count_params())
