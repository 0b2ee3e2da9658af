"""What an experiment comes to, in a few lines."""

from pathlib import Path

from daemon.errors import InputError
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.lab.experiment import Experiment, FrontEndSettings, read_experiment

LONGEST_WINDOW_SECONDS = 4.0
"""The longest sound that the daemon gives to a model at once."""


def summary(file: Path) -> str:
    """Return the summary of an experiment file.

    Raises InputError if the file is invalid, or if its table or folder does not exist.
    """
    experiment = read_experiment(file)
    for path in filter(None, (experiment.data.path, experiment.data.test_path)):
        if not Path(path).expanduser().exists():
            raise InputError(f"{file}: data: {path} does not exist; correct the path")
    front_end = experiment.front_end
    lines = [
        f"{file}: {experiment.name}",
        f"  data: {experiment.data.layout}, {experiment.data.path}",
        f"  front end: {_front_end(front_end)}",
        f"  model: {experiment.model.kind}",
        f"  validation: {_validation(experiment)}",
        f"  in the daemon: {why_not_in_daemon(experiment) or 'possible'}",
    ]
    return "\n".join(lines)


def why_not_in_daemon(experiment: Experiment) -> str:
    """Return why the daemon cannot run the experiment's model; an empty string if it can."""
    front_end = experiment.front_end
    if experiment.model.is_classical:
        return "not possible, because it runs networks only"
    if front_end.kind != "log-mel":
        return f"not possible, because its front end is log-mel, not {front_end.kind}"
    if front_end.sample_rate_hz != SAMPLE_RATE_HZ:
        return f"not possible, because its sound has {SAMPLE_RATE_HZ} Hz"
    if front_end.chunk_seconds > LONGEST_WINDOW_SECONDS:
        return f"not possible, because its windows have {LONGEST_WINDOW_SECONDS:g} s"
    return ""


def _front_end(settings: FrontEndSettings) -> str:
    return (
        f"{settings.kind}, {settings.chunk_frames} frames of {settings.frame_values} values in "
        f"each {settings.chunk_seconds:g} s"
    )


def _validation(experiment: Experiment) -> str:
    validation = experiment.validation
    match validation.strategy:
        case "hold-out":
            return f"hold-out of {validation.fraction:.0%}"
        case "own-folds":
            return "the folds of the data"
        case _:
            return f"{validation.strategy}, {validation.folds} folds"
