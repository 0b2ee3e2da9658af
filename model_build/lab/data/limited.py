"""Draw some of the training recordings, whole groups at a time."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable

from model_build.corpus.formats.labelled import Example, Labelled, Left


def limited(found: Labelled, most: int) -> Labelled:
    """Return at most about `most` training recordings, and all of the test.

    Whole groups are drawn, so that the share of recordings with a companion in their group stays
    as it is, and each class keeps its share of the recordings and at least one group. The draw
    depends only on the names of the groups: all experiments get the same recordings.
    """
    trained = [one for one in found.examples if one.side == "train"]
    if len(trained) <= most:
        return found
    drawn = _drawn(trained, most / len(trained))
    kept = [one for one in found.examples if one.side == "test" or _unit(one) in drawn]
    names = [one.name for one in trained if _unit(one) not in drawn]
    return Labelled(kept, [*found.left, *(Left(name, "not drawn") for name in names)])


def _drawn(trained: Iterable[Example], share: float) -> set[str]:
    """Return the names of the groups that are drawn for each class."""
    units: defaultdict[str, list[Example]] = defaultdict(list)
    for one in trained:
        units[_unit(one)].append(one)
    # A group of several classes counts for its most frequent one.
    class_of = {
        unit: Counter(";".join(one.labels) for one in members).most_common(1)[0][0]
        for unit, members in units.items()
    }
    room: Counter[str] = Counter()
    for unit, members in units.items():
        room[class_of[unit]] += len(members)
    left = {name: share * count for name, count in room.items()}
    drawn: set[str] = set()
    begun: set[str] = set()
    for unit in sorted(units, key=_chance):
        name, size = class_of[unit], len(units[unit])
        if size <= left[name] or name not in begun:
            drawn.add(unit)
            begun.add(name)
            left[name] -= size
    return drawn


def _unit(one: Example) -> str:
    """Return the group, or for a recording without one its file."""
    return one.group or f"\n{one.file}"


def _chance(unit: str) -> bytes:
    return hashlib.sha256(unit.encode()).digest()
