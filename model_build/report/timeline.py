"""A day's passages and the events heard in it in, bars out: truth above, heard below."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from model_build.evaluation.details import DayHeard
from model_build.evaluation.event_figures import outcome, verdict
from model_build.report.charts import box, svg, text
from model_build.windows.home_day import Passage

ROW_SECONDS = 600.0
WIDTH, LEFT, RIGHT = 1000.0, 46.0, 20.0
BAR, GAP, RULER = 17.0, 3.0, 18.0
LETTER = 5.9  # width of one, about
SHORTEST = 3  # letters that still tell a family


class Bar(NamedTuple):
    """Something that lasts: `look` is its CSS class, `words` stand in it where they fit."""

    start: float
    end: float
    words: str
    look: str
    said: str


def timeline(day: DayHeard) -> str:
    """All rows, each of ten minutes."""
    truth, heard = _truth(day), _heard(day)
    starts = range(int(-(-day.seconds // ROW_SECONDS)))
    rows = (_row(row * ROW_SECONDS, day.seconds, truth, heard) for row in starts)
    return "".join(f'<div class="wide">{row}</div>' for row in rows)


def _truth(day: DayHeard) -> list[Bar]:
    music = [passage for passage in day.passages if passage.accepts]
    bars = []
    for passage in day.passages:
        words, look, became = _words(passage), "other", ""
        if passage.accepts:
            found = outcome(passage, music, day.events)
            look = "music" if found.hit else "missed"
            became = "heard right" if found.right else "heard" if found.hit else "missed"
        said = f"{words}, {_clock(passage.start_seconds)} to {_clock(passage.end_seconds)} {became}"
        bars.append(Bar(passage.start_seconds, passage.end_seconds, words, look, said.strip()))
    return bars


def _heard(day: DayHeard) -> list[Bar]:
    music = [passage for passage in day.passages if passage.accepts]
    bars = []
    for event in day.events:
        judged = verdict(event, music)
        said = (
            f"heard {event.family}, {_clock(event.onset)} to {_clock(event.ended_at)}, "
            f"peak {event.peak:.2f}: {judged}"
        )
        bars.append(Bar(event.onset, event.ended_at, event.family, judged, said))
    return bars


def _words(passage: Passage) -> str:
    return " or ".join(passage.accepts) or passage.what


def _row(start: float, seconds: float, truth: Sequence[Bar], heard: Sequence[Bar]) -> str:
    end = min(start + ROW_SECONDS, seconds)
    above, below = (_lanes(bars, start, end) for bars in (truth, heard))
    height = RULER + (len(above) + len(below)) * (BAR + GAP) + 2 * GAP
    parts = [_ruler(start, end, height)]
    top = RULER
    for name, lanes in (("truth", above), ("heard", below)):
        parts.append(text(LEFT - 6, top + BAR - 5, name, anchor="end"))
        for lane in lanes:
            parts += [_drawn(bar, start, end, top) for bar in lane]
            top += BAR + GAP
        top += GAP
    said = f"From {_clock(start)} to {_clock(end)}: " + "; ".join(
        bar.said for lane in [*above, *below] for bar in lane
    )
    return svg("".join(parts), (WIDTH, height), said)


def _lanes(bars: Sequence[Bar], start: float, end: float) -> list[list[Bar]]:
    """The bars that the row shows, in as few lanes as they do not overlap in; at least one."""
    lanes: list[list[Bar]] = [[]]
    for bar in sorted(bars, key=lambda b: b.start):
        if bar.end <= start or bar.start >= end:
            continue
        lane = next((some for some in lanes if not some or some[-1].end <= bar.start), None)
        if lane is None:
            lanes.append([bar])
        else:
            lane.append(bar)
    return lanes


def _drawn(bar: Bar, start: float, end: float, top: float) -> str:
    left = _across(max(bar.start, start), start)
    width = max(2.0, _across(min(bar.end, end), start) - left)
    drawn = box(left, top, width=width, height=BAR, look=f"bar {bar.look}", said=bar.said)
    fitting = bar.words[: int((width - 6) / LETTER)]
    if len(fitting) < SHORTEST:
        return drawn
    return drawn + text(left + 3, top + BAR - 5, fitting, anchor="start", look=f"in {bar.look}")


def _ruler(start: float, end: float, height: float) -> str:
    parts = []
    for minute in range(int(start // 60), int(end // 60) + 1):
        across = _across(minute * 60.0, start)
        parts.append(f'<line class="rule" x1="{across:.1f}" y1="{RULER - 4}" x2="{across:.1f}" ')
        parts.append(f'y2="{height:.1f}"/>')
        if across <= WIDTH - RIGHT:
            parts.append(text(across, RULER - 7, escape(_clock(minute * 60.0))))
    return f'<g class="axes">{"".join(parts)}</g>'


def _across(second: float, start: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (second - start) / ROW_SECONDS


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02}"
