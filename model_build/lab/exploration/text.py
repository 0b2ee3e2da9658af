"""What `lab data` finds, as text."""

from collections import Counter

from model_build.lab.exploration.exploration import Exploration
from model_build.lab.exploration.shortcuts import Shortcut
from model_build.lab.exploration.spellings import Spelling


def exploration_lines(seen: Exploration) -> str:
    """Return the findings in a few lines."""
    lines = [
        f"{seen.name}: {_clips(seen)}",
        f"  near-duplicates: {_near_duplicates(seen)}",
        f"  {_unusable(seen)}; labels in doubt: {len(seen.doubts)}",
        *(f"  {spelling_line(one)}" for one in seen.spellings),
        *(f"  {shortcut_line(one)}" for one in seen.shortcuts if one.strength != "none"),
        f"  {seen.no_test_figure}".rstrip(),
    ]
    return "\n".join(filter(None, lines))


def shortcut_line(one: Shortcut) -> str:
    """Return a shortcut as a sentence."""
    named = ", ".join(one.given_away)
    return (
        f"the {one.fact} alone predicts the class with a balanced accuracy of {one.accuracy:.2f} "
        f"(chance {one.chance:.2f}){f' and gives away {named}' if named else ''}"
    )


def spelling_line(one: Spelling) -> str:
    """Return an odd class name as a sentence."""
    if one.where == "both":
        return f"class {one.name!r} is written almost like {one.nearest!r}"
    nearest = f"; is it {one.nearest!r}?" if one.nearest else ""
    where = "training" if one.where == "train" else one.where
    return f"only the {where} recordings have the class {one.name!r}{nearest}"


def _clips(seen: Exploration) -> str:
    sides = Counter(one.side for one in seen.found.examples)
    left = Counter(one.reason for one in seen.found.left)
    reasons = ", ".join(f"{count} {reason}" for reason, count in left.most_common())
    return (
        f"{sides['train']} recordings for training and validation, {sides['test']} for the test; "
        f"left out: {reasons or 'none'}"
    )


def _near_duplicates(seen: Exploration) -> str:
    contradicting = sum(one.contradicts for one in seen.clusters)
    crossing = sum(one.crosses for one in seen.clusters)
    return (
        f"sounds that occur more than once: {len(seen.clusters)}, of these with different labels: "
        f"{contradicting}, in both training and test: {crossing}"
    )


def _unusable(seen: Exploration) -> str:
    broken, silent = (len(seen.with_problem(silent=one)) for one in (False, True))
    return f"{broken} broken, {silent} silent, {len(seen.clipped)} clipped"
