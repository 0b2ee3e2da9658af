"""What a model is measured by: each row's figure, its target, and the text table of all rows."""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from model_build.evaluation.clip_figures import FEWEST_CLIPS, Figures

NONE = "-"
_MEGABYTE = 1e6
_EPSILON = 1e-9

Value = Callable[[Figures], float | None]
Verdict = Literal["stretch", "met", "missed"]


class Row(NamedTuple):
    """One figure: its value in a model's figures, how it is written, what it should reach."""

    name: str
    value: Value
    target: float
    stretch: float
    at_least: bool = True
    text: str = "{:.3f}"
    remark: Callable[[Figures], str] = lambda _: ""

    def cell(self, figures: Figures) -> str:
        """The figure as text, with its remark."""
        value = self.value(figures)
        if value is None:
            return NONE
        return f"{self.text.format(value)} {self.remark(figures)}".rstrip()

    def aim(self, value: float) -> str:
        """The target or the stretch as text."""
        return f"{'≥' if self.at_least else '≤'} {self.text.format(value)}"

    def verdict(self, figures: Figures) -> Verdict | None:
        """Whether the figure reaches the target, or even the stretch."""
        value = self.value(figures)
        if value is None:
            return None
        sign = 1.0 if self.at_least else -1.0
        if sign * (value - self.stretch) >= -_EPSILON:
            return "stretch"
        return "met" if sign * (value - self.target) >= -_EPSILON else "missed"


def _of_kind(name: str, kind: str) -> Value:
    return lambda figures: getattr(figures, name).get(kind)


def _of_day(name: str) -> Value:
    return lambda figures: getattr(figures.day, name) if figures.day else None


def _an_hour(name: str) -> Value:
    return lambda figures: getattr(figures.day, name) / figures.day.hours if figures.day else None


def _weakest(figures: Figures) -> float | None:
    return figures.weakest["room"].top1 if "room" in figures.weakest else None


def _weakest_family(figures: Figures) -> str:
    return figures.weakest["room"].family


def _alarms(figures: Figures) -> float | None:
    return figures.alarms.count if figures.alarms else None


def _alarm_remark(figures: Figures) -> str:
    if figures.alarms is None:
        return ""
    low, high = figures.alarms.interval
    return f"in {figures.alarms.minutes:.0f} min ({low:.1f}-{high:.1f})"


def _lost_points(figures: Figures) -> float | None:
    """Points of top-1 in the room that the float network had more."""
    if figures.float_room_top1 is None:
        return None
    return 100.0 * (figures.float_room_top1 - figures.top1["room"])


def _cost_remark(figures: Figures) -> str:
    return f"({figures.cost.milliseconds:.1f} ms)" if figures.cost else ""


ROWS = (
    Row("phrase: top-1", _of_kind("top1", "phrase"), 0.94, 0.97),
    Row("phrase: mean over families", _of_kind("family_mean", "phrase"), 0.94, 0.96),
    Row("room: top-1", _of_kind("top1", "room"), 0.86, 0.92),
    Row("room: mean over families", _of_kind("family_mean", "room"), 0.86, 0.90),
    Row("phrase: presence AUC", _of_kind("presence_auc", "phrase"), 0.997, 0.999),
    Row("room: presence AUC", _of_kind("presence_auc", "room"), 0.988, 0.996),
    Row("room: weakest family", _weakest, 0.70, 0.80, remark=_weakest_family),
    Row(
        "false events, negatives alone",
        _alarms,
        2,
        0,
        at_least=False,
        text="{:.0f}",
        remark=_alarm_remark,
    ),
    Row("day: passages heard", _of_day("hits"), 0.90, 0.95),
    Row("day: right family", _of_day("right"), 0.85, 0.92),
    Row(
        "day: onset error, median",
        _of_day("onset_error_seconds"),
        1.5,
        1.0,
        at_least=False,
        text="{:.1f} s",
    ),
    Row("day: false events an hour", _an_hour("false_events"), 4, 1, at_least=False, text="{:.1f}"),
    Row("mixture: micro F1", lambda figures: figures.mixture_f1, 0.75, 0.85),
    Row("room: points lost by int8", _lost_points, 0.5, 0.0, at_least=False, text="{:.1f}"),
    Row(
        "room: calibration error", _of_kind("calibration_error", "room"), 0.08, 0.04, at_least=False
    ),
    Row(
        "CPU, of the peer's",
        lambda figures: figures.cost.ratio if figures.cost else None,
        1.0,
        0.25,
        at_least=False,
        text="{:.2f}",
        remark=_cost_remark,
    ),
    Row(
        "file size",
        lambda figures: figures.size_bytes / _MEGABYTE if figures.size_bytes else None,
        4.0,
        1.0,
        at_least=False,
        text="{:.2f} MB",
    ),
)
# Beside the targets, for whoever looks closer.
MORE = (
    ("day: end error, median", _of_day("end_error_seconds"), "{:.1f} s"),
    ("day: wrong families an hour", _an_hour("wrong_events"), "{:.1f}"),
    ("phrase: calibration error", _of_kind("calibration_error", "phrase"), "{:.3f}"),
)


def table(found: Mapping[str, Figures]) -> str:
    """The figures of one or more models side by side, beside the targets, as text."""
    every = list(found.values())
    rows = [["", *found, "target", "stretch"]]
    rows += [
        [row.name, *map(row.cell, every), row.aim(row.target), row.aim(row.stretch)] for row in ROWS
    ]
    rows += [[name, *(_cell(value(f), text) for f in every), "", ""] for name, value, text in MORE]
    rows += [row for kind in every[0].by_family for row in _family_rows(kind, every)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in rows
    )


def _family_rows(kind: str, every: list[Figures]) -> list[list[str]]:
    rows = []
    for family, clips in every[0].clips_by_family[kind].items():
        few = f"{clips} clips, few" if clips < FEWEST_CLIPS else f"{clips} clips"
        cells = (_cell(figures.by_family[kind].get(family)) for figures in every)
        rows.append([f"{kind}: {family}", *cells, few, ""])
    return sorted(rows)


def _cell(value: float | None, text: str = "{:.3f}") -> str:
    return NONE if value is None else text.format(value)
