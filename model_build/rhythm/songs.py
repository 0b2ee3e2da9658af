"""Made-up songs: drums, bass, chords and melody, whose beats are exactly known."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.rendering.midi_file import Note, Part
from model_build.rendering.soundfont import SAMPLE_RATE_HZ, render_parts
from model_build.rhythm import parts
from model_build.rhythm.score import Score, random_score
from model_build.rhythm.styles import STYLES

SECONDS = 20.0
"""Duration of a song."""

_DRUMS, _DRUMS_ALONE, _FEW_DRUMS, _SOLO, _MELODY, _BASS = 0.62, 0.2, 0.5, 0.55, 0.55, 0.9
_KITS = (0, 0, 8, 16, 24, 25, 32, 40)
_BASSES = (32, 33, 34, 35, 36, 38, 43, 58)
_CHORDS = (0, 0, 1, 4, 5, 6, 16, 18, 19, 21, 24, 25, 25, 26, 27, 28, 29, 30, 46, 48, 50, 89)
_MELODIES = (
    *(0, 4, 11, 12, 22, 24, 25, 26, 27, 40, 41, 42, 52, 53, 54, 56, 57, 60, 64, 65, 66),
    *(68, 71, 73, 74, 75, 80, 81, 85, 105, 106),
)
_TRIES = 3


class Song(NamedTuple):
    """A song and its truth."""

    samples: NDArray[np.float32]
    """Mono sound at 16 kHz (n,), peak 0.5."""
    beats_seconds: NDArray[np.float64]
    """Times of the beats (b,)."""
    is_downbeat: NDArray[np.bool_]
    """Which of them begin a bar (b,)."""
    style: str
    """A key of STYLES."""

    @property
    def bpm(self) -> float:
        """60 / median gap of the beats."""
        return float(60.0 / np.median(np.diff(self.beats_seconds)))


def make_song(rng: np.random.Generator) -> Song:
    """Make a song of 20 s in a random style; raises as `soundfont.render` does."""
    for _ in range(_TRIES):
        # A melody can lie outside the range in which the soundfont has its instrument.
        with suppress(ValueError):
            return _random_song(rng)
    return _random_song(rng)


def _random_song(rng: np.random.Generator) -> Song:
    name = str(rng.choice(list(STYLES)))
    has_drums = bool(rng.random() < _DRUMS)
    score = random_score(STYLES[name], rng, seconds=SECONDS, has_drums=has_drums)
    samples = np.zeros(round(SECONDS * SAMPLE_RATE_HZ), np.float32)
    sound = render_parts(list(random_parts(score, has_drums=has_drums)))[: len(samples)]
    samples[: len(sound)] = sound
    samples *= np.float32(0.5) / max(np.float32(1e-6), np.abs(samples).max())
    beats = score.beats_seconds
    heard = (beats >= 0.0) & (beats < SECONDS)
    is_downbeat = np.arange(len(beats)) % score.style.beats == 0
    return Song(samples, beats[heard], is_downbeat[heard], name)


def random_parts(score: Score, *, has_drums: bool) -> Iterator[Part]:
    """Yield the parts of a song: a band, drums alone, or one instrument or a few without drums."""
    rng = score.rng
    if has_drums:
        alone = rng.random() < _DRUMS_ALONE
        few = bool(alone and rng.random() < _FEW_DRUMS)
        yield _part(score, parts.kit(score, loses_lines=few), _KITS, is_kit=True)
        if alone:
            return
    solo = not has_drums and rng.random() < _SOLO
    if not solo and rng.random() < _BASS:
        yield _part(score, parts.bass(score), _BASSES)
    has_melody = rng.random() < _MELODY
    for _ in range(1 if solo else rng.integers(1, 3)):
        if not (solo and has_melody):
            yield _part(score, parts.accompaniment(score), _CHORDS)
    if has_melody:
        yield _part(score, parts.melody(score), _MELODIES)


def _part(
    score: Score, notes: Iterable[Note], programs: tuple[int, ...], *, is_kit: bool = False
) -> Part:
    """Return a part with the notes that sound in the song, on one of the programs."""
    kept = [n for n in notes if 0.0 <= n.start_seconds < SECONDS]
    program, volume = int(score.rng.choice(programs)), int(score.rng.integers(65, 120))
    return Part(kept, program, is_kit, volume)
