"""What all parts of a made-up song share: beats, swing, key and chords."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.rendering.midi_file import Note
from model_build.rhythm.styles import Style

SEMIQUAVERS = 4
"""Steps in a beat that is not divided into three."""

_RUBATO_PROBABILITY, _OTHER_TEMPO_PROBABILITY = 0.5, 0.5
_SLOWEST_BPM, _FASTEST_BPM = 50.0, 165.0
_EARLIEST_SECONDS, _LATEST_SECONDS = -4.0, 0.6
_SHORTEST_SECONDS = 0.04
# Semitones of the chords' roots above the tonic.
_MAJOR_ROOTS = (
    *((0, 7, 9, 5), (0, 5, 7, 0), (9, 5, 0, 7), (0, 9, 5, 7), (2, 7, 0, 0), (0, 4, 5, 7)),
    *((0, 0, 5, 7), (0, 10, 5, 0), (0, 0, 0, 0, 5, 5, 0, 0, 7, 5, 0, 7)),
)
_MINOR_ROOTS = (
    *((0, 10, 8, 10), (0, 8, 3, 10), (0, 5, 7, 0), (0, 5, 10, 3), (0, 7, 8, 10)),
    *((0, 0, 5, 7), (0, 0, 0, 0, 5, 5, 0, 0, 7, 5, 0, 7)),
)
_MINOR_CHORDS_OF_MAJOR, _MINOR_CHORDS_OF_MINOR = (2, 4, 9), (0, 5)
_MAJOR_SCALE, _MINOR_SCALE = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


class Score(NamedTuple):
    """The frame that every part of a song follows."""

    style: Style
    """Metre and drum patterns."""
    beats_seconds: NDArray[np.float64]
    """Times of the beats (b,); the first may be negative, because music is cut out of a song."""
    swing: float
    """How late the second half of each beat is, as a share of the beat."""
    tonic: int
    """Pitch class of the key, 0..11."""
    is_minor: bool
    """True in a minor key."""
    roots: tuple[int, ...]
    """Roots of the chords of successive bars, above the tonic."""
    jitter_seconds: float
    """Standard deviation of the onsets."""
    rng: np.random.Generator
    """Chance of the parts."""

    @property
    def bars(self) -> int:
        """Number of whole bars."""
        return (len(self.beats_seconds) - 1) // self.style.beats

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven steps of the key's scale, in semitones above the tonic."""
        return _MINOR_SCALE if self.is_minor else _MAJOR_SCALE

    def seconds(self, beat: float) -> float:
        """Return the time of a position in beats."""
        whole = np.floor(beat)
        if self.style.steps == SEMIQUAVERS:
            beat = whole + np.interp(beat - whole, (0.0, 0.5, 1.0), (0.0, 0.5 + self.swing, 1.0))
        return float(np.interp(beat, np.arange(len(self.beats_seconds)), self.beats_seconds))

    def root(self, beat: float) -> int:
        """Return the pitch class of the chord at a position in beats."""
        return self.tonic + self.roots[int(beat / self.style.beats) % len(self.roots)]

    def chord(self, beat: float, lowest: int) -> list[int]:
        """Return the three pitches of the chord, from the pitch `lowest` on."""
        root = self.root(beat)
        minors = _MINOR_CHORDS_OF_MINOR if self.is_minor else _MINOR_CHORDS_OF_MAJOR
        third = 3 if (root - self.tonic) in minors else 4
        return sorted(lowest + (root + step - lowest) % 12 for step in (0, third, 7))

    def note(self, beat: float, beats: float, pitch: int, velocity: float) -> Note:
        """Return a note, slightly inaccurate; it may start before 0 s."""
        start = self.seconds(beat) + self.rng.normal(0.0, self.jitter_seconds)
        held = max(_SHORTEST_SECONDS, self.seconds(beat + beats) - self.seconds(beat))
        loud = int(np.clip(velocity + self.rng.normal(0.0, 6.0), 10, 127))
        return Note(start, held, pitch, loud)


def random_score(
    style: Style, rng: np.random.Generator, *, seconds: float, has_drums: bool
) -> Score:
    """Return the frame of a song of at least `seconds`; without drums its tempo is freer."""
    slowest, fastest = style.slowest_bpm, style.fastest_bpm
    if not has_drums and rng.random() < _OTHER_TEMPO_PROBABILITY:
        slowest, fastest = _SLOWEST_BPM, _FASTEST_BPM
    bpm = float(np.exp(rng.uniform(np.log(slowest), np.log(fastest))))
    is_minor = bool(rng.random() < 0.4)  # noqa: PLR2004 (two in five)
    roots = _MINOR_ROOTS if is_minor else _MAJOR_ROOTS
    return Score(
        style,
        _random_beats(style, bpm, rng, seconds=seconds, has_drums=has_drums),
        float(rng.uniform(0.3, 1.0) * style.swing),
        int(rng.integers(12)),
        is_minor,
        roots[rng.integers(len(roots))],
        float(rng.uniform(0.002, 0.012)),
        rng,
    )


def _random_beats(
    style: Style, bpm: float, rng: np.random.Generator, *, seconds: float, has_drums: bool
) -> NDArray[np.float64]:
    """Return the times of the beats; players wander, and without drums they may play rubato."""
    count = int((seconds - _EARLIEST_SECONDS) / 60.0 * bpm * 1.4) + 12
    wander = np.cumsum(rng.normal(0.0, rng.uniform(0.0, 0.004 if has_drums else 0.012), count))
    rubato = 0.0
    if not has_drums and rng.random() < _RUBATO_PROBABILITY:
        rubato = rng.uniform(0.0, 0.07)
    phrase = 2.0 * np.pi * np.arange(count) / (4 * style.beats) + rng.uniform(0.0, 6.0)
    gaps = 60.0 / bpm * np.exp(wander + rubato * np.sin(phrase))
    start = rng.uniform(_EARLIEST_SECONDS, _LATEST_SECONDS)
    beats: NDArray[np.float64] = start + np.concatenate([[0.0], np.cumsum(gaps)])
    return beats
