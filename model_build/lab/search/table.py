"""What a search found, as text."""

from model_build.lab.run.table import value_text
from model_build.lab.search.found import Found, Trial

_MOST_LINES = 20


def search_lines(found: Found) -> str:
    """Return the trials, the best first, and the figure of the best one on other recordings."""
    best = found.best
    order = sorted(range(len(found.trials)), key=lambda n: _rank(found, n))
    lines = [f"search: {len(found.trials)} trials by {found.metric}, on {found.clips} recordings"]
    for place in order[:_MOST_LINES]:
        mark = "*" if place == best else " "
        trial = found.trials[place]
        lines.append(f" {mark} {value_text(trial.value, trial.interval)}  {values_text(trial)}")
        lines += [f"     {trial.problem}"] if trial.problem else []
    if len(order) > _MOST_LINES:
        lines.append(f"   … {len(order) - _MOST_LINES} more in search.json")
    return "\n".join(lines)


def search_notes(found: Found) -> list[str]:
    """Return remarks for the record of the best trial."""
    if found.best is None:
        return []
    best = found.trials[found.best]
    count = f"the best of {len(found.trials)} trials"
    why = "they were compared on validation recordings, so the validation figures are too good"
    notes = [f"{count}: {values_text(best)}; {why}"]
    if found.held_out:
        held = found.held_out
        notes.append(
            f"on {held.figures.clips} recordings that no trial got: {held.metric} "
            f"{value_text(held.value, held.interval)}"
        )
    return notes


def values_text(trial: Trial) -> str:
    """Return the values of a trial, as in the experiment file."""
    return ", ".join(f"{key}: {_text(value)}" for key, value in trial.values.items())


def _text(value: object) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _rank(found: Found, place: int) -> tuple[bool, float]:
    value = found.trials[place].value
    if value is None:
        return True, 0.0
    return False, value if found.metric == "hamming_loss" else -value
