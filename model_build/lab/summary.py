"""What an experiment comes to, in a few lines."""

from collections import Counter

from model_build.lab.data.recordings import read_recordings, why_no_test_figure
from model_build.lab.experiment import Experiment, FrontEndSettings
from model_build.lab.export.obstacles import obstacles
from model_build.lab.models.starting_weights import check_starting_files


def summary(experiment: Experiment) -> str:
    """Return the summary of an experiment: its recordings, front end, model and validation.

    Raises InputError if the recordings cannot be read.
    """
    check_starting_files(experiment.model)
    found = read_recordings(experiment.data)
    counts = Counter(c for one in found.examples if one.side == "train" for c in one.labels)
    sides = Counter(one.side for one in found.examples)
    left: Counter[str] = Counter(one.reason for one in found.left)
    lines = [
        f"{experiment.name}:",
        f"  data: {sides['train']} recordings, {sides['test']} for the test",
        f"  classes: {_counted(counts)}",
        f"  left out: {_counted(left) or 'none'}",
        f"  front end: {_front_end(experiment.front_end)}",
        f"  model: {', '.join(filter(None, (experiment.model.kind, experiment.model.start)))}",
        f"  validation: {_validation(experiment)}",
        *_variations(experiment),
        *_on_the_box(experiment),
        f"  {why_no_test_figure(found)}".rstrip(),
    ]
    return "\n".join(filter(None, lines))


def _on_the_box(experiment: Experiment) -> list[str]:
    """Return whether `lab export` will write the model for the daemon, or why not."""
    found = obstacles(experiment)
    if not found:
        return ["  export: possible"]
    return [f"  export: not possible: {reason}" for reason in found]


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


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


def _variations(experiment: Experiment) -> list[str]:
    """Return lines on what else is run."""
    lines = []
    if experiment.pruning:
        lines.append(f"  pruning: {experiment.pruning.share:.0%} by {experiment.pruning.kind}")
    if experiment.search:
        keys = ", ".join(experiment.search.space)
        lines.append(f"  search: {experiment.search.strategy}, over {keys}")
    if experiment.ablate:
        lines.append(f"  ablation: {', '.join(experiment.ablate)}")
    return lines
