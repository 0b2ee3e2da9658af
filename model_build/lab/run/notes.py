"""Remarks on the data and the figures of a run."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from model_build.corpus.formats.labelled import Example, Labelled
from model_build.lab.data.recordings import why_no_test_figure
from model_build.lab.experiment import Validation
from model_build.lab.features.truth import Truth
from model_build.lab.validation.folds import group_names


def notes_on(truth: Truth, used: Labelled, validation: Validation) -> list[str]:
    """Return a line for each thing that a reader of the figures should know."""
    train = [one for one in used.examples if one.side == "train"]
    notes = [_never(truth, train)]
    if validation.strategy in ("k-fold", "group-k-fold"):
        notes.append(_rare(truth, used, validation.folds))
    if validation.strategy in ("group-k-fold", "own-folds"):
        notes += _of_one_part(train, validation.strategy)
    notes.append(_without_group(train))
    groups = {one.group for one in train} - {""}
    if groups and len(groups) == len(train):
        notes.append(
            "every recording is a group of its own, so grouping does not keep related recordings "
            "together"
        )
    if not groups and validation.strategy != "own-folds":
        notes.append(
            "the recordings have no groups, so related recordings can be on both sides of a fold; "
            "set data.group_column or data.group_pattern"
        )
    notes.append(why_no_test_figure(used) or _one_tested_group(used))
    return [note for note in notes if note]


def _without_group(train: Sequence[Example]) -> str:
    """Return a remark on the recordings without a group beside others that have one."""
    without = [one.name for one in train if not one.group]
    if len(without) in (0, len(train)):
        return ""
    return (
        f"{len(without)} of {len(train)} recordings have no group and count as groups of their "
        f"own, such as {without[0]}"
    )


def _one_tested_group(used: Labelled) -> str:
    """Return a remark if the test figures cannot have an interval; empty if they can."""
    tested = [one for one in used.examples if one.side == "test"]
    if not tested or len(set(group_names(tested))) > 1:
        return ""
    return (
        "all test recordings are of one group, so the test figures have no interval: they do not "
        "show how much another group would differ"
    )


def _rare(truth: Truth, used: Labelled, folds: int) -> str:
    """Return a remark on the classes with fewer recordings than folds; empty without any."""
    counts = Counter(c for one in used.examples if one.side == "train" for c in one.labels)
    few = {name: counts[name] for name in truth.classes if 0 < counts[name] < folds}
    rare = ", ".join(f"{name}: {count}" for name, count in few.items())
    if not rare:
        return ""
    return f"classes with fewer recordings than the {folds} folds, so that some have none: {rare}"


def _never(truth: Truth, train: Sequence[Example]) -> str:
    """Return a remark on the classes that only occur as unknown; empty without any."""
    there = {name for one in train for name in one.labels}
    never = ", ".join(name for name in truth.classes if name not in there)
    if not never:
        return ""
    return f"classes that no training recording is known to have, so that none is learned: {never}"


def _of_one_part(train: Sequence[Example], strategy: str) -> list[str]:
    """Return a remark on each class that a model can only have in training or in validation."""
    is_grouped = strategy == "group-k-fold"
    parts: dict[str, set[str]] = defaultdict(set)
    for one in train:
        for name in one.labels:
            parts[name].add(one.group if is_grouped else one.fold)
    part = "group" if is_grouped else "fold"
    return [
        f"class {name} occurs in only one {part}, so the model that is validated on it was never "
        "trained on it"
        for name, found in sorted(parts.items())
        if len(found) == 1 and found != {""}
    ]
