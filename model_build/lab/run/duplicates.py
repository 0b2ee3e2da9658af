"""Remarks on recordings that contain the same sound under different names."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

from model_build.corpus.formats.labelled import Example

_NAMED_AT_MOST = 3


def duplicate_notes(examples: Sequence[Example], sounds: Sequence[Hashable]) -> list[str]:
    """Return remarks on examples that share a sound.

    `sounds` has the hash of each one's samples, or the number of its cluster of near-duplicates.
    Contradicting classes come first.
    """
    same = _repeated(examples, sounds)
    trained = [[one for one in group if one.side == "train"] for group in same]
    notes = [
        _note(same, "different classes, so one label is wrong", lambda one: one.labels),
        _note(same, "in training and in the test", lambda one: one.side),
        _note(
            trained,
            "different groups, so they can be on both sides of a fold",
            lambda one: one.group,
        ),
    ]
    return [note for note in notes if note]


def _repeated(examples: Sequence[Example], sounds: Sequence[Hashable]) -> list[list[Example]]:
    by_sound: dict[Hashable, list[Example]] = defaultdict(list)
    for example, sound in zip(examples, sounds, strict=True):
        by_sound[sound].append(example)
    return [group for group in by_sound.values() if len(group) > 1]


def _note(
    same: Sequence[Sequence[Example]], problem: str, value: Callable[[Example], object]
) -> str:
    """Return a remark on the sounds whose recordings differ in a value; empty if there are none."""
    found = [group for group in same if len({value(one) for one in group}) > 1]
    if not found:
        return ""
    named = "; ".join(" and ".join(one.name for one in group) for group in found[:_NAMED_AT_MOST])
    more = " …" if len(found) > _NAMED_AT_MOST else ""
    sounds = "1 sound occurs" if len(found) == 1 else f"{len(found)} sounds occur"
    return f"{sounds} more than once: {problem}: {named}{more}"
