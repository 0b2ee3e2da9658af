"""What an experiment comes to, in a few lines."""

from collections import Counter
from collections.abc import Sequence

from model_build.corpus.formats.labelled import Example, Labelled
from model_build.lab.data.recordings import read_recordings
from model_build.lab.experiment import Experiment, FrontEndSettings
from model_build.lab.export.obstacles import obstacles
from model_build.lab.features.truth import truth_of
from model_build.lab.models.starting_weights import check_starting_files
from model_build.lab.run.notes import notes_on
from model_build.lab.validation.folds import check_folds


def summary(experiment: Experiment) -> str:
    """Return the summary of an experiment: its recordings, front end, model and validation.

    Raises InputError if the recordings cannot be read, or are too few for the folds.
    """
    check_starting_files(experiment.model)
    found = read_recordings(experiment.data)
    trained = [one for one in found.examples if one.side == "train"]
    check_folds(found.examples, experiment.validation, experiment.data)
    counts = Counter(c for one in found.examples if one.side == "train" for c in one.labels)
    sides = Counter(one.side for one in found.examples)
    left: Counter[str] = Counter(one.reason for one in found.left)
    lines = [
        f"{experiment.name}:",
        f"  data: {sides['train']} recordings{_in_groups(trained)}, {sides['test']} for the test",
        f"  classes: {_counted(counts)}",
        f"  left out: {_counted(left) or 'none'}",
        f"  front end: {_front_end(experiment.front_end)}",
        f"  model: {', '.join(filter(None, (experiment.model.kind, experiment.model.start)))}",
        f"  validation: {_validation(experiment)}",
        *_variations(experiment),
        *_on_the_box(experiment),
        *(f"  note: {note}" for note in _notes(experiment, found)),
    ]
    return "\n".join(lines)


def _notes(experiment: Experiment, found: Labelled) -> list[str]:
    """Return the remarks that a run will make, and one on labels that look like several."""
    notes = notes_on(truth_of(found.examples, found.classes), found, experiment.validation)
    data = experiment.data
    if data.layout == "table" and data.label_separator and not data.multi_label:
        double = [name for name in found.classes if data.label_separator in name]
        notes += [
            f"the class {name!r} contains {data.label_separator!r}; if these are several classes, "
            "set data.multi_label: true"
            for name in double[:1]
        ]
    return notes


def _in_groups(examples: Sequence[Example]) -> str:
    groups = {one.group for one in examples} - {""}
    return f" in {len(groups)} groups" if groups else ""


def _on_the_box(experiment: Experiment) -> list[str]:
    """Return whether `lab export` will write the model for the daemon, or why not."""
    found = obstacles(experiment)
    if not found:
        return ["  export: possible"]
    return [f"  export: not possible: {reason}" for reason in found]


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))


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
