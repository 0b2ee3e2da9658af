"""The targets of a model."""

from collections.abc import Iterable

from model_build.evaluation.figures import Figures
from model_build.evaluation.metrics import wilson_interval
from model_build.report.target_row import Interval, Row, Value

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


def of_share(kind: str) -> Interval:
    """Return a reader of the confidence interval of the share of clips that are named right."""

    def interval(figures: Figures) -> tuple[float, float] | None:
        share, count = figures.top1.get(kind), figures.clips.get(kind)
        return wilson_interval(share, count) if share is not None and count else None

    return interval


def of_passages(name: str) -> Interval:
    """Return a reader of the confidence interval of a share of the passages of the days."""

    def interval(figures: Figures) -> tuple[float, float] | None:
        day = figures.day
        return wilson_interval(getattr(day, name), day.passages) if day and day.passages else None

    return interval


def _weakest(figures: Figures) -> float | None:
    return figures.weakest["room"].top1 if "room" in figures.weakest else None


def _weakest_family(figures: Figures) -> str:
    return figures.weakest["room"].family


def _weakest_interval(figures: Figures) -> tuple[float, float] | None:
    weakest = figures.weakest.get("room")
    if weakest is None:
        return None
    return wilson_interval(weakest.top1, figures.clips_by_family["room"][weakest.family])


def _message_remark(figures: Figures) -> str:
    day = figures.day
    return f"of {day.messages} in {day.passages} passages" if day else ""


def _alarms(figures: Figures) -> float | None:
    return figures.alarms.count if figures.alarms else None


def _alarm_remark(figures: Figures) -> str:
    if figures.alarms is None:
        return ""
    return f"in {figures.alarms.minutes:.0f} min"


def _steady_remark(figures: Figures) -> str:
    steady = figures.steady
    if steady is None:
        return ""
    return f"({steady.count} in {steady.minutes:.0f} min, {steady.held_seconds:.0f} s held)"


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
    cost = figures.cost
    if cost is None:
        return ""
    sparse = f"; {cost.sparse_ratio:.2f} at 0.975 s" if cost.sparse_ratio is not None else ""
    return f"({cost.milliseconds:.1f} ms{sparse})"


ROWS = (
    Row("phrase: top-1", of_kind("top1", "phrase"), 0.94, 0.96, interval=of_share("phrase")),
    Row("phrase: mean over families", of_kind("family_mean", "phrase"), 0.95, 0.96),
    Row("room: top-1", of_kind("top1", "room"), 0.87, 0.90, interval=of_share("room")),
    Row("room: mean over families", of_kind("family_mean", "room"), 0.87, 0.89),
    Row("phrase: presence AUC", of_kind("presence_auc", "phrase"), 0.994, 0.999),
    Row("room: presence AUC", of_kind("presence_auc", "room"), 0.990, 0.995),
    Row(
        "room: weakest family",
        _weakest,
        0.72,
        0.80,
        interval=_weakest_interval,
        remark=_weakest_family,
    ),
    Row(
        "message after the start, median",
        of_day("message_seconds"),
        3.0,
        2.5,
        at_least=False,
        text="{:.1f} s",
        remark=_message_remark,
    ),
    Row(
        "message after the start, 90 %",
        of_day("slow_message_seconds"),
        6.0,
        at_least=False,
        text="{:.1f} s",
    ),
    Row(
        "false events, negatives alone",
        _alarms,
        2,
        0,
        at_least=False,
        text="{:.0f}",
        interval=lambda figures: figures.alarms.interval if figures.alarms else None,
        remark=_alarm_remark,
    ),
    Row("day: passages detected", of_day("hits"), 0.92, 0.95, interval=of_passages("hits")),
    Row("day: right family", of_day("right"), 0.86, 0.90, interval=of_passages("right")),
    Row("day: false events an hour", per_hour("false_events"), 1, at_least=False, text="{:.1f}"),
    Row("day: wrong families an hour", per_hour("wrong_events"), 8, at_least=False, text="{:.1f}"),
    Row(
        "day: onset error, median",
        of_day("onset_error_seconds"),
        1.5,
        1.0,
        at_least=False,
        text="{:.1f} s",
    ),
    Row("mixture: micro F1", lambda figures: figures.mixture_f1, 0.72),
    Row(
        "false events an hour, hum and fans",
        lambda figures: figures.steady.an_hour if figures.steady else None,
        0,
        at_least=False,
        text="{:.1f}",
        remark=_steady_remark,
    ),
    Row("embedding: instrument named", _named_at_home, 0.95, 0.98, remark=_instrument_remark),
    Row("room: points lost by int8", _lost_points, 0.5, 0.0, at_least=False, text="{:.1f}"),
    Row(
        "room: calibration error", of_kind("calibration_error", "room"), 0.08, 0.04, at_least=False
    ),
    Row(
        "CPU, relative to the peer every 0.5 s",
        lambda figures: figures.cost.ratio if figures.cost else None,
        0.80,
        0.40,
        at_least=False,
        text="{:.2f}",
        remark=_cost_remark,
    ),
    Row(
        "file size",
        lambda figures: figures.size_bytes / _MEGABYTE if figures.size_bytes else None,
        4.5,
        at_least=False,
        text="{:.2f} MB",
    ),
)


def second_rows(found: Iterable[Figures]) -> list[Row]:
    """Return the rows that were measured on the clips of the second table, for any model."""
    seconds = [figures.second for figures in found if figures.second]
    return [row for row in ROWS if any(row.value(figures) is not None for figures in seconds)]
