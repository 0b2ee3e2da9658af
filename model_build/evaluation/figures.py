"""The figures of one model."""

from collections.abc import Iterator

import msgspec

from model_build.evaluation.clip_scores import SPLIT
from model_build.evaluation.cost import Cost
from model_build.evaluation.events.event_figures import EventFigures
from model_build.evaluation.events.false_alarms import Alarms
from model_build.evaluation.instruments import InstrumentFigures


class Weakest(msgspec.Struct, frozen=True):
    """The family that is most rarely named correctly."""

    family: str
    """Its name."""
    top1: float
    """Share of its clips that are named correctly, 0..1."""


class Figures(msgspec.Struct, frozen=True):
    """A model's figures. Dictionaries are by kind of clip and lack kinds that have no clips.

    `phrase` clips are close and clean; `room` clips are across a room, with noise.
    """

    clips: dict[str, int]
    """Number of clips."""
    clips_by_family: dict[str, dict[str, int]]
    """Number of clips of each family."""
    top1: dict[str, float]
    """Share of clips whose highest score belongs to an accepted family, 0..1."""
    family_mean: dict[str, float]
    """The same share, first by family, then averaged over families."""
    by_family: dict[str, dict[str, float]]
    """The same share by family."""
    presence_auc: dict[str, float]
    """Area under ROC of the highest score, of clips with music against negatives."""
    weakest: dict[str, Weakest]
    """The weakest family of those with at least 15 clips."""
    calibration_error: dict[str, float]
    """Expected calibration error of the highest score."""
    mixture_f1: float | None = None
    """Micro F1 of the detections in mixtures; None without mixtures or thresholds."""
    day: EventFigures | None = None
    """The events of simulated days at home; None for a peer."""
    alarms: Alarms | None = None
    """False events on negatives alone; None for a peer."""
    steady: Alarms | None = None
    """False events on hum, fans, fridges and chargers; None for a peer."""
    instruments: InstrumentFigures | None = None
    """How well the embedding names single instruments; None without an embedding."""
    float_room_top1: float | None = None
    """`top1` of the room clips before quantization; None if it was not measured."""
    cost: Cost | None = None
    """CPU time."""
    size_bytes: int | None = None
    """Size of the model file."""
    second: "Figures | None" = None
    """The figures of the clips that were added to the corpus later; None without such clips."""
    second_paths: str = ""
    """How the paths of those clips begin."""

    def flat(self) -> dict[str, float]:
        """Return the main figures by name, as in the provenance of a model file."""
        found = {f"{SPLIT}_{name}": value for name, value in _clip_figures(self).items()}
        if self.day is not None:
            found |= {f"{SPLIT}_day_{name}": value for name, value in _day_figures(self.day)}
        if self.steady is not None:
            found[f"{SPLIT}_steady_an_hour"] = round(self.steady.an_hour, 2)
        if self.instruments is not None:
            found[f"{SPLIT}_instrument_at_home"] = round(self.instruments.at_home, 4)
            found[f"{SPLIT}_instrument_of_all"] = round(self.instruments.of_all, 4)
        if self.second is not None:
            second = _clip_figures(self.second)
            found |= {f"{SPLIT}_second_{name}": value for name, value in second.items()}
        return found


def _clip_figures(figures: Figures) -> dict[str, float]:
    found = {
        f"{kind}_{name}": round(value, 4)
        for name in ("top1", "family_mean", "presence_auc", "calibration_error")
        for kind, value in getattr(figures, name).items()
    }
    for kind, one in figures.weakest.items():
        found[f"{kind}_weakest_family"] = round(one.top1, 4)
    if figures.mixture_f1 is not None:
        found["mixture_f1"] = round(figures.mixture_f1, 4)
    if figures.alarms is not None:
        found["alarms"] = figures.alarms.count
    return found


def _day_figures(day: EventFigures) -> Iterator[tuple[str, float]]:
    yield "hits", round(day.hits, 4)
    yield "right", round(day.right, 4)
    yield "false_an_hour", round(day.false_events / day.hours, 2)
    yield "wrong_an_hour", round(day.wrong_events / day.hours, 2)
    if day.message_seconds is not None and day.slow_message_seconds is not None:
        yield "message_seconds", round(day.message_seconds, 2)
        yield "slow_message_seconds", round(day.slow_message_seconds, 2)
