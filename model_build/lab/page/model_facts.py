"""What the page says of a run's model: its layers, its size and its cost."""

from pathlib import Path

import msgspec
import numpy as np

from daemon.errors import InputError
from model_build.lab.executor.pool import Workers, open_pool
from model_build.lab.export.obstacles import obstacles
from model_build.lab.models.fit import load
from model_build.lab.run.lab_run import LabRun, Pruned, Record
from model_build.networks.quiet_keras import import_keras

_CHUNKS = 12
"""Chunks that a network is converted and timed with."""


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
    with open_pool(workers) as pool:
        # A worker has imported TensorFlow already, which takes seconds.
        found = pool.executor.submit(_inspected, run, record).result()
    return msgspec.structs.replace(found, files=files)


def _inspected(run: LabRun, record: Record) -> ModelFacts:
    """Return the facts of the model, without its files."""
    text, parameters = _settings(record), None
    if not record.experiment.model.is_classical:
        text, parameters = _network(run.model)
    if record.pruned:
        cost = _pruned_cost(record.pruned)
    else:
        cost = [] if obstacles(record.experiment) else _cost(run, record)
    return ModelFacts(text, parameters, [], cost)


def _cost(run: LabRun, record: Record) -> list[tuple[str, str]]:
    """Return size and CPU time of the model as the box would run it; empty if that fails."""
    import_keras()
    from model_build.lab.export.networks import network_of
    from model_build.lab.pruning.cost import costs

    try:
        fitted = load(record.experiment, run.model)
        network = network_of(fitted, record.experiment, len(record.classes))
        shape = (_CHUNKS, *network.input_shape[1:])
        # What is in the chunks changes neither.
        [cost] = costs([network], np.random.default_rng(0).standard_normal(shape, np.float32))
    except InputError:
        return []
    return [
        ("As int8 TFLite", f"{cost.bytes / 1e3:.1f} kB"),
        ("CPU of a chunk on the box's runtime", f"{cost.milliseconds:.2f} ms on this machine"),
    ]


def _pruned_cost(pruned: Pruned) -> list[tuple[str, str]]:
    before, after = pruned.before, pruned.after
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
