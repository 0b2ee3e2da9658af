"""A page of text about a recording: figures, piano roll, tempo curve and tuning histogram."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from daemon.commands.practice.curves import cents_histogram, tempo_curve
from daemon.commands.practice.figures import figure_lines
from daemon.commands.terminal import bar, format_time
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.analysis.recording import Recording
from daemon.practice.spelling import note_name

_WIDTH, _COLUMNS = 79, 64
_MOST_ROWS = 24
_LEVELS = "▁▂▃▄▅▆▇█"
_LABEL_WIDTH = 8


def page_lines(title: str, recording: Recording) -> Iterator[str]:
    """Yield the lines of the page, of at most 79 characters if the title is shorter."""
    yield f"{title}  {format_time(recording.seconds)}"
    for name, text in figure_lines(recording):
        yield from wrap(
            text,
            _WIDTH,
            initial_indent=f"{name:<{_LABEL_WIDTH + 2}}",
            subsequent_indent=" " * (_LABEL_WIDTH + 2),
        )
    if recording.notes:
        yield ""
        yield "notes over time"
        yield from _piano_roll(recording.notes, recording.seconds, recording.key)
    if points := tempo_curve(recording.rhythm):
        yield ""
        yield from _tempo_lines(points, recording.seconds)
    if recording.notes:
        yield from _tuning_lines(recording.notes)


def _piano_roll(notes: Sequence[PlayedNote], seconds: float, key: str | None) -> Iterator[str]:
    """Yield a line for each pitch from high to low, or for some pitches together."""
    low, high = min(note.midi for note in notes), max(note.midi for note in notes)
    step = -(-(high - low + 1) // _MOST_ROWS)
    for first in reversed(range(low, high + 1, step)):
        row = [" "] * _COLUMNS
        for note in notes:
            if first <= note.midi < first + step:
                start, end = _column(note.onset, seconds), _column(note.offset, seconds)
                row[start : max(start + 1, end)] = "█" * max(1, end - start)
        yield f"{_pitches(first, step, key):>{_LABEL_WIDTH}} │{''.join(row).rstrip()}"
    yield f"{'':>{_LABEL_WIDTH}} └{'─' * _COLUMNS}"
    yield f"{'':>{_LABEL_WIDTH}}  0:00{format_time(seconds):>{_COLUMNS - 4}}"


def _pitches(lowest: int, count: int, key: str | None) -> str:
    ends = dict.fromkeys((lowest, lowest + count - 1))
    return "-".join(note_name(midi, key) for midi in ends)


def _column(at: float, seconds: float) -> int:
    return min(_COLUMNS - 1, int(_COLUMNS * max(0.0, at) / seconds))


def _tempo_lines(points: Sequence[tuple[float, float]], seconds: float) -> Iterator[str]:
    slowest, fastest = min(bpm for _, bpm in points), max(bpm for _, bpm in points)
    yield f"tempo over time, {slowest:.0f} to {fastest:.0f} bpm"
    row = [" "] * _COLUMNS
    for at, bpm in points:
        height = (bpm - slowest) / max(fastest - slowest, 1.0)
        row[_column(at, seconds)] = _LEVELS[round(height * (len(_LEVELS) - 1))]
    yield f"{'':>{_LABEL_WIDTH}}  {''.join(row)}".rstrip()


def _tuning_lines(notes: Sequence[PlayedNote]) -> Iterator[str]:
    bars = cents_histogram(notes)
    longest = max(seconds for _, seconds in bars)
    if not longest:
        return
    yield ""
    yield "cents of sustained notes, by duration"
    for cents, seconds in bars:
        line = f"{cents:>+{_LABEL_WIDTH}} │{bar(seconds / longest, _COLUMNS // 2)}"
        yield f"{line.rstrip()} {seconds:.1f} s" if seconds else line.rstrip()
