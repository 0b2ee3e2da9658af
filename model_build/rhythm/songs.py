"""Made-up songs: drums, bass, chords and melody, whose beats are exactly known."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.rendering import soundfont
from model_build.rendering.midi_file import Note
from model_build.rhythm.styles import STYLES, Style

SECONDS = 20.0
_DRUMS_PROBABILITY, _SOLO_PROBABILITY, _RUBATO_PROBABILITY = 0.55, 0.6, 0.4
_MELODY_PROBABILITY, _WALK_PROBABILITY, _NOTE_PROBABILITY = 0.5, 0.3, 0.9
_SEMIQUAVERS = 4  # steps in a beat that is not divided into three
_SAME_BEAT = 0.05
_SHORTEST_SECONDS = 0.04
_KICK, _SNARE, _CYMBALS = 36, 38, (42, 42, 51)
_BASSES = (32, 33, 34, 36, 38, 43)
_CHORDS = (0, 1, 4, 6, 16, 19, 24, 25, 26, 27, 46, 48)
_MELODIES = (0, 11, 24, 26, 40, 42, 56, 64, 66, 68, 71, 73, 74, 22, 80)
_DEGREES = ((0, 7, 9, 5), (0, 5, 7, 0), (9, 5, 0, 7), (0, 9, 5, 7), (2, 7, 0, 0), (0, 4, 5, 7))
_MINOR = (2, 4, 9)
_SCALE = (0, 2, 4, 5, 7, 9, 11)


class Song(NamedTuple):
    """A song and its truth."""

    samples: NDArray[np.float32]
    """Mono sound at 16 kHz (n,), peak 0.5."""
    beats_seconds: NDArray[np.float64]
    """Times of the beats (b,)."""
    style: str
    """A key of STYLES."""

    @property
    def bpm(self) -> float:
        """60 / median gap of the beats."""
        return float(60.0 / np.median(np.diff(self.beats_seconds)))


class _Score(NamedTuple):
    """What every part of a song shares."""

    style: Style
    beats_seconds: NDArray[np.float64]
    tonic: int
    degrees: tuple[int, ...]
    jitter_seconds: float
    rng: np.random.Generator

    def seconds(self, beat: float) -> float:
        """Return the time of a position in beats."""
        return float(np.interp(beat, np.arange(len(self.beats_seconds)), self.beats_seconds))

    def root(self, beat: float) -> int:
        """Return the pitch class of the chord at a position in beats."""
        return self.tonic + self.degrees[int(beat / self.style.beats) % len(self.degrees)]

    def chord(self, beat: float, lowest: int) -> list[int]:
        """Return the three pitches of the chord, from the pitch `lowest` on."""
        root = self.root(beat)
        third = 3 if (root - self.tonic) in _MINOR else 4
        return sorted(lowest + (root + step - lowest) % 12 for step in (0, third, 7))

    def note(self, beat: float, beats: float, pitch: int, velocity: float) -> Note:
        """Return a note, slightly inaccurate."""
        late = self.rng.normal(0.0, self.jitter_seconds)
        start = max(0.0, self.seconds(beat) + late)
        held = max(_SHORTEST_SECONDS, self.seconds(beat + beats) - self.seconds(beat))
        loud = int(np.clip(velocity + self.rng.normal(0.0, 6.0), 10, 127))
        return Note(start, held, pitch, loud)


def make_song(rng: np.random.Generator) -> Song:
    """Make a song of 20 s in a random style; raises as `soundfont.render` does."""
    name = str(rng.choice(list(STYLES)))
    style = STYLES[name]
    has_drums = rng.random() < _DRUMS_PROBABILITY
    score = _random_score(style, rng, has_drums=has_drums)
    samples = np.zeros(round(SECONDS * soundfont.SAMPLE_RATE_HZ), np.float32)
    for notes, program, is_kit in _parts(score, has_drums=has_drums):
        kept = [n for n in notes if n.start_seconds < SECONDS]
        if kept:
            sound = soundfont.render(kept, program, drums=is_kit)[: len(samples)]
            samples[: len(sound)] += sound * np.float32(rng.uniform(0.5, 1.0))
    samples *= np.float32(0.5) / max(np.float32(1e-6), np.abs(samples).max())
    beats = score.beats_seconds
    return Song(samples, beats[beats < SECONDS], name)


def _random_score(style: Style, rng: np.random.Generator, *, has_drums: bool) -> _Score:
    bpm = float(np.exp(rng.uniform(np.log(style.slowest_bpm), np.log(style.fastest_bpm))))
    count = int(SECONDS / 60.0 * bpm * 1.4) + 4
    wander = np.cumsum(rng.normal(0.0, 0.003 if has_drums else 0.01, count))
    rubato = 0.0
    if not has_drums and rng.random() < _RUBATO_PROBABILITY:
        rubato = rng.uniform(0.0, 0.07)
    phrase = 2.0 * np.pi * np.arange(count) / (4 * style.beats) + rng.uniform(0.0, 6.0)
    gaps = 60.0 / bpm * np.exp(wander + rubato * np.sin(phrase))
    beats = rng.uniform(0.0, 0.5) + np.concatenate([[0.0], np.cumsum(gaps)])
    degrees = _DEGREES[rng.integers(len(_DEGREES))]
    return _Score(style, beats, int(rng.integers(12)), degrees, rng.uniform(0.002, 0.012), rng)


def _parts(score: _Score, *, has_drums: bool) -> Iterator[tuple[list[Note], int, bool]]:
    """Yield the notes of each part, its program, and whether it is the drum kit."""
    rng = score.rng
    solo = not has_drums and rng.random() < _SOLO_PROBABILITY
    if has_drums:
        yield list(_kit(score)), 0, True
    if not solo:
        yield list(_bass(score)), int(rng.choice(_BASSES)), False
    melody = rng.random() < _MELODY_PROBABILITY
    if not (solo and melody):
        yield list(_accompaniment(score)), int(rng.choice(_CHORDS)), False
    if melody:
        yield list(_melody(score)), int(rng.choice(_MELODIES)), False


def _bars(score: _Score) -> range:
    return range((len(score.beats_seconds) - 1) // score.style.beats)


def _kit(score: _Score) -> Iterator[Note]:
    style, cymbal = score.style, int(score.rng.choice(_CYMBALS))
    lines = ((style.kick, _KICK, 95), (style.snare, _SNARE, 95), (style.cymbal, cymbal, 65))
    for bar in _bars(score):
        for line, key, velocity in lines:
            for step, stroke in enumerate(line):
                if stroke == "x":
                    accent = 15 if step % style.steps == 0 else 0
                    beat = bar * style.beats + step / style.steps
                    yield score.note(beat, 0.25, key, velocity + accent)


def _bass(score: _Score) -> Iterator[Note]:
    gap = float(
        score.rng.choice([1.0, 1.0, 2.0, 0.5] if score.style.steps == _SEMIQUAVERS else [1.0, 1.0])
    )
    walks = score.rng.random() < _WALK_PROBABILITY
    for beat in np.arange(0.0, _bars(score).stop * score.style.beats, gap):
        step = int(score.rng.choice([0, 4, 7, 9])) if walks else 0
        pitch = 28 + (score.root(beat) + step - 28) % 12
        yield score.note(beat, 0.85 * gap, pitch, 95)


def _accompaniment(score: _Score) -> Iterator[Note]:
    lowest, rng = int(score.rng.integers(50, 62)), score.rng
    kind = str(rng.choice(["beats", "divided", "arpeggio", "off beats", "bars"]))
    step = 0.5 if score.style.steps == _SEMIQUAVERS else 1.0 / 3.0
    gap = {"beats": 1.0, "off beats": 1.0, "bars": float(score.style.beats)}.get(kind, step)
    shift = {"off beats": 1.0 - step}.get(kind, 0.0)
    for count, beat in enumerate(np.arange(0.0, _bars(score).stop * score.style.beats, gap)):
        chord = score.chord(beat + 1e-6, lowest)
        strong = abs(beat - round(beat)) < _SAME_BEAT
        if kind == "arpeggio":
            yield score.note(beat, 2 * gap, chord[count % 3], 88 if strong else 70)
            continue
        for pitch in chord:
            yield score.note(beat + shift, 0.8 * gap, pitch, 84 if strong else 66)


def _melody(score: _Score) -> Iterator[Note]:
    rng, beat, place = score.rng, 0.0, int(score.rng.integers(14))
    lengths = (
        (0.5, 1.0, 1.0, 2.0, 1.5)
        if score.style.steps == _SEMIQUAVERS
        else (1 / 3, 2 / 3, 1.0, 1.0, 2.0)
    )
    while beat < _bars(score).stop * score.style.beats - 2:
        beats = float(rng.choice(lengths))
        place = int(np.clip(place + rng.integers(-2, 3), 0, 20))
        pitch = 60 + score.tonic + 12 * (place // 7) + _SCALE[place % 7]
        if rng.random() < _NOTE_PROBABILITY:
            yield score.note(beat, 0.9 * beats, pitch, 92)
        beat += beats
        if abs(beat - round(beat)) < _SAME_BEAT:
            beat = float(round(beat))
