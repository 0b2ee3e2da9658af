"""The targets of a model."""

from model_build.evaluation.figures import Figures
from model_build.report.target_row import Row, Value

_MEGABYTE = 1e6


def of_kind(name: str, kind: str) -> Value:
    """Return a reader of one figure for one kind of clip."""
    return lambda figures: getattr(figures, name).get(kind)


def of_day(name: str) -> Value:
    """Return a reader of one figure of the day at home."""
    return lambda figures: getattr(figures.day, name) if figures.day else None


def per_hour(name: str) -> Value:
    """Return a reader of a count of the day at home, per hour."""
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


def _named_at_home(figures: Figures) -> float | None:
    return figures.instruments.at_home if figures.instruments else None


def _instrument_remark(figures: Figures) -> str:
    if figures.instruments is None:
        return ""
    return f"({figures.instruments.of_all:.2f} among all {figures.instruments.instruments})"


def _lost_points(figures: Figures) -> float | None:
    """Percentage points of top-1 in rooms that quantization costs."""
    if figures.float_room_top1 is None:
        return None
    return 100.0 * (figures.float_room_top1 - figures.top1["room"])


def _cost_remark(figures: Figures) -> str:
    return f"({figures.cost.milliseconds:.1f} ms)" if figures.cost else ""


ROWS = (
    Row("phrase: top-1", of_kind("top1", "phrase"), 0.94, 0.97),
    Row("phrase: mean over families", of_kind("family_mean", "phrase"), 0.94, 0.96),
    Row("room: top-1", of_kind("top1", "room"), 0.86, 0.92),
    Row("room: mean over families", of_kind("family_mean", "room"), 0.86, 0.90),
    Row("phrase: presence AUC", of_kind("presence_auc", "phrase"), 0.997, 0.999),
    Row("room: presence AUC", of_kind("presence_auc", "room"), 0.988, 0.996),
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
    Row("day: passages detected", of_day("hits"), 0.90, 0.95),
    Row("day: right family", of_day("right"), 0.85, 0.92),
    Row(
        "day: onset error, median",
        of_day("onset_error_seconds"),
        1.5,
        1.0,
        at_least=False,
        text="{:.1f} s",
    ),
    Row("day: false events an hour", per_hour("false_events"), 4, 1, at_least=False, text="{:.1f}"),
    Row("mixture: micro F1", lambda figures: figures.mixture_f1, 0.75, 0.85),
    Row("embedding: instrument named", _named_at_home, 0.95, 0.98, remark=_instrument_remark),
    Row("room: points lost by int8", _lost_points, 0.5, 0.0, at_least=False, text="{:.1f}"),
    Row(
        "room: calibration error", of_kind("calibration_error", "room"), 0.08, 0.04, at_least=False
    ),
    Row(
        "CPU, relative to the peer",
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
