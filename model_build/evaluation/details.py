"""What an evaluation heard, clip by clip and event by event: all that a report draws from."""

from pathlib import Path

import msgspec

from daemon.hearing.tracker import EventEnded
from model_build.evaluation.sweep import Point
from model_build.windows.home_day import Passage


class Shown(msgspec.Struct, frozen=True):
    """A clip that was measured; the words are the manifest's."""

    kind: str
    label: str
    accepts: tuple[str, ...]
    source: str


class Said(msgspec.Struct, frozen=True):
    """What one model said: scores by clip's path, and what it scores as conditions get worse."""

    families: tuple[str, ...]
    scores: dict[str, tuple[float, ...]]
    points: list[Point]


class DayHeard(msgspec.Struct, frozen=True):
    """A day at home: what sounded, and the events that the daemon made of it."""

    seconds: float
    passages: list[Passage]
    events: list[EventEnded]


class Details(msgspec.Struct, frozen=True):
    """One evaluation: the clips by path, and what each model said, ours first."""

    clips: dict[str, Shown]
    models: dict[str, Said]
    day: DayHeard


def details_beside(figures: Path) -> Path:
    """Where the details of an evaluation are kept whose figures are in that file."""
    return figures.with_name(f"{figures.stem}-details.json")
