"""Draw a harmonised melody as a piano roll, in SVG."""

from collections.abc import Iterator

from daemon.practice.harmoniser.harmony import Harmony
from daemon.practice.harmoniser.tune import Tune

_COLOURS = {
    "melody": "#1f2937",
    "alto": "#d97706",
    "tenor": "#059669",
    "bass": "#2563eb",
    "chords": "#7c3aed",
}
_BEAT_WIDTH, _ROW_HEIGHT, _MARGIN, _HEADER, _FOOTER = 17, 5, 34, 44, 30
_CHORD_ROWS, _CHORD_ROW_HEIGHT, _LEGEND_WIDTH = 2, 11, 70
_TEXT = 'font-family="sans-serif" font-size="11"'


def piano_roll(title: str, tune: Tune, harmony: Harmony) -> str:
    """Return the picture of a tune with beats of equal length, and of its harmony, as SVG."""
    return "\n".join([*_PianoRoll(title, tune, harmony).lines(), ""])


class _PianoRoll:
    def __init__(self, title: str, tune: Tune, harmony: Harmony) -> None:
        self._title, self._tune, self._harmony = title, tune, harmony
        self._parts = {"melody": tune.notes, **harmony.parts}
        pitches = [note.midi for notes in self._parts.values() for note in notes]
        self._lowest, self._highest = min(pitches) - 1, max(pitches) + 1
        self._beats = len(tune.beats) - 1
        self._bottom = _HEADER + (self._highest - self._lowest + 1) * _ROW_HEIGHT
        self._width = 2 * _MARGIN + self._beats * _BEAT_WIDTH

    def lines(self) -> Iterator[str]:
        """Yield the lines of the file."""
        size = f"{self._width} {self._bottom + _FOOTER}"
        namespace = "http://www.w3.org/2000/svg"
        yield f'<svg xmlns="{namespace}" viewBox="0 0 {size}" role="img">'
        yield f"<title>{self._title}</title>"
        yield '<rect width="100%" height="100%" fill="#ffffff"/>'
        yield f'<text x="{_MARGIN}" y="15" {_TEXT} font-weight="bold">{self._title}</text>'
        yield from self._grid()
        yield from self._notes()
        yield from self._chord_names()
        yield from self._legend()
        yield "</svg>"

    def _x(self, tick: int) -> float:
        beat = self._tune.beats[1] - self._tune.beats[0]
        return round(_MARGIN + tick / beat * _BEAT_WIDTH, 1)

    def _y(self, midi: float) -> float:
        return _HEADER + (self._highest - midi) * _ROW_HEIGHT

    def _grid(self) -> Iterator[str]:
        right = self._width - _MARGIN
        for octave in range(self._lowest // 12 + 1, self._highest // 12 + 1):
            y = self._y(octave * 12 - 0.5)
            yield f'<line x1="{_MARGIN}" x2="{right}" y1="{y}" y2="{y}" stroke="#d1d5db"/>'
            yield f'<text x="{_MARGIN - 22}" y="{y + 4}" {_TEXT}>C{octave - 1}</text>'
        for index in (*self._tune.bars, self._beats):
            x = self._x(self._tune.beats[index])
            yield f'<line x1="{x}" x2="{x}" y1="{_HEADER}" y2="{self._bottom}" stroke="#e5e7eb"/>'

    def _notes(self) -> Iterator[str]:
        for name, notes in reversed(self._parts.items()):  # the melody last, above all others
            for note in notes:
                x, width = self._x(note.start), self._x(note.end) - self._x(note.start) - 1
                yield (
                    f'<rect x="{x}" y="{self._y(note.midi)}" width="{width:.1f}" '
                    f'height="{_ROW_HEIGHT}" rx="1" fill="{_COLOURS[name]}"/>'
                )

    def _chord_names(self) -> Iterator[str]:
        """Yield the names in two rows, so that neighbours do not overlap."""
        for index, (tick, chord) in enumerate(self._harmony.chords):
            root, _, kind = chord.partition(":")
            y = 28 + index % _CHORD_ROWS * _CHORD_ROW_HEIGHT
            name = root + ("m" if kind == "min" else "")
            yield f'<text x="{self._x(tick)}" y="{y}" {_TEXT}>{name}</text>'

    def _legend(self) -> Iterator[str]:
        for index, name in enumerate(self._parts):
            x, y = _MARGIN + index * _LEGEND_WIDTH, self._bottom + 13
            yield f'<rect x="{x}" y="{y}" width="10" height="8" fill="{_COLOURS[name]}"/>'
            yield f'<text x="{x + 14}" y="{y + 8}" {_TEXT}>{name}</text>'
