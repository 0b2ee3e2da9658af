"""Ways to play a progression: accompaniment, bass, melody, four voices, drums."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from model_build.chords.progressions import Harmony
from model_build.rendering.midi_file import Note

_SHORTEST_SECONDS = 0.05
_KICK, _SNARE, _HATS, _TOMS, _CRASH = 36, 38, (42, 42, 46, 51), (45, 47, 50), 49
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_VOICE_RANGES = ((40, 60), (48, 67), (55, 74), (60, 81))


class Span(NamedTuple):
    """A chord and when it sounds."""

    start: float
    """First beat."""
    end: float
    """The beat after it."""
    harmony: Harmony
    """The chord."""


class Plan(NamedTuple):
    """What all parts of a song share."""

    rng: np.random.Generator
    bpm: float
    """Beats a minute."""
    spans: Sequence[Span]
    """The chords, without gaps."""
    tonic: int
    """Pitch class."""
    mode: str
    """`major` or `minor`."""
    jitter_seconds: float
    """Standard deviation of the onsets."""

    def seconds(self, beat: float) -> float:
        """Return the time of a beat."""
        return 60.0 / self.bpm * beat

    def note(self, beat: float, beats: float, pitch: float, velocity: float) -> Note:
        """Return a note, slightly inaccurate."""
        start = max(0.0, self.seconds(beat) + self.rng.normal(0.0, self.jitter_seconds))
        loud = int(np.clip(velocity + self.rng.normal(0.0, 7.0), 12, 127))
        held = max(_SHORTEST_SECONDS, self.seconds(beats))
        return Note(start, held, int(np.clip(pitch, 21, 108)), loud)

    def beats(self, gap: float) -> Iterator[tuple[Span, float]]:
        """Yield the beats of every span, `gap` apart from its start, with the span."""
        for span in self.spans:
            for beat in np.arange(span.start, span.end - 1e-6, gap):
                yield span, float(beat)


Play = Callable[[Plan, Span, float, list[int]], Iterator[Note]]


def voiced(harmony: Harmony, lowest: int) -> list[int]:
    """Return the pitches of a chord in close position, from the pitch `lowest` on."""
    return sorted(lowest + (harmony.root + step - lowest) % 12 for step in harmony.steps)


def accompaniment(plan: Plan) -> Iterator[Note]:
    """Yield chords in one of several patterns, sometimes with the root below."""
    rng = plan.rng
    lowest, has_root = int(rng.integers(48, 63)), rng.random() < 0.5  # noqa: PLR2004 (half)
    pattern, gap = _PATTERNS[int(rng.integers(len(_PATTERNS)))]
    for span, beat in plan.beats(gap):
        yield from pattern(plan, span, beat, voiced(span.harmony, lowest))
        if has_root and beat == span.start:
            root = 36 + (span.harmony.root - 36) % 12
            yield plan.note(beat, 0.9 * (span.end - span.start), root, 82)


def pad(plan: Plan) -> Iterator[Note]:
    """Yield held chords."""
    lowest = int(plan.rng.integers(48, 66))
    for span in plan.spans:
        yield from _held(plan, span, span.start, voiced(span.harmony, lowest))


def power_chords(plan: Plan) -> Iterator[Note]:
    """Yield roots with fifths and octaves, as on a distorted guitar."""
    for span, beat in plan.beats(float(plan.rng.choice([0.5, 1.0]))):
        root = 40 + (span.harmony.root - 40) % 12
        for pitch in (root, root + 7, root + 12):
            yield plan.note(beat, 0.45, pitch, 95)


def _blocks(plan: Plan, span: Span, beat: float, chord: list[int]) -> Iterator[Note]:
    accent = 10 if beat == span.start else 0
    for pitch in chord:
        yield plan.note(beat, 0.8, pitch, 75 + accent)


def _held(plan: Plan, span: Span, beat: float, chord: list[int]) -> Iterator[Note]:
    if beat == span.start:
        for pitch in chord:
            yield plan.note(beat, 0.95 * (span.end - span.start), pitch, 78)


def _broken(plan: Plan, span: Span, beat: float, chord: list[int]) -> Iterator[Note]:
    order = (0, 2, 1, 2)[round(2 * (beat - span.start)) % 4]
    yield plan.note(beat, 0.6, chord[order % len(chord)], 78)


def _arpeggio(plan: Plan, span: Span, beat: float, chord: list[int]) -> Iterator[Note]:
    wide = [chord[0] - 12, *chord, chord[0] + 12]
    place = round(2 * (beat - span.start)) % (2 * len(wide) - 2)
    yield plan.note(beat, span.end - beat, wide[min(place, 2 * len(wide) - 2 - place)], 76)


def _strum(plan: Plan, span: Span, beat: float, chord: list[int]) -> Iterator[Note]:
    wide = [chord[0] - 12, *chord, chord[0] + 12, chord[1] + 12]
    down = (beat - span.start) % 1.0 == 0.0
    if not down and plan.rng.random() < 0.4:  # noqa: PLR2004 (rests)
        return
    for order, pitch in enumerate(wide if down else wide[:2:-1]):
        yield plan.note(beat + 0.02 * order, 0.7, pitch, 82 if down else 62)


def _off_beats(plan: Plan, _: Span, beat: float, chord: list[int]) -> Iterator[Note]:
    for pitch in chord:
        yield plan.note(beat + 0.5, 0.25, pitch, 82)


def _stride(plan: Plan, span: Span, beat: float, chord: list[int]) -> Iterator[Note]:
    count = round(beat - span.start)
    if count % 2:
        yield from _blocks(plan, span, beat, chord)
    else:
        low = 36 + (span.harmony.root + (7 if count % 4 else 0) - 36) % 12
        yield plan.note(beat, 0.8, low, 86)


_PATTERNS: tuple[tuple[Play, float], ...] = (
    *((_blocks, 1.0), (_blocks, 0.5), (_held, 1.0), (_broken, 0.5), (_arpeggio, 0.5)),
    *((_arpeggio, 0.25), (_strum, 0.5), (_off_beats, 1.0), (_stride, 1.0)),
)


def bass(plan: Plan) -> Iterator[Note]:
    """Yield roots, or a line over the chord's notes."""
    walks, gap = plan.rng.random() < 0.4, float(plan.rng.choice([0.5, 1.0, 1.0, 2.0]))  # noqa: PLR2004
    for span, beat in plan.beats(gap):
        step = 0
        if walks and beat > span.start:
            step = int(plan.rng.choice([0, 7, 12, span.harmony.steps[1], 2, 9]))
        yield plan.note(beat, 0.85 * gap, 28 + (span.harmony.root - 28) % 12 + step, 95)


def melody(plan: Plan) -> Iterator[Note]:
    """Yield a walk over the scale that prefers the chord's notes on the beats."""
    rng, scale = plan.rng, _SCALES[plan.mode]
    middle, beat, span_index = float(rng.integers(60, 80)), 0.0, 0
    pitch = middle
    rest = rng.uniform(0.0, 0.4)
    while beat < plan.spans[-1].end:
        while plan.spans[span_index].end <= beat:
            span_index += 1
        harmony = plan.spans[span_index].harmony
        beats = float(rng.choice([0.25, 0.5, 0.5, 1.0, 1.0, 2.0]))
        notes = {(plan.tonic + step) % 12 for step in scale}
        if beat % 1.0 == 0.0 and rng.random() < 0.75:  # noqa: PLR2004
            notes = {(harmony.root + step) % 12 for step in harmony.steps}
        around = np.array([p for p in range(52, 90) if p % 12 in notes])
        near = np.exp(-np.abs(around - pitch) / 2.5 - np.abs(around - middle) / 8.0)
        pitch = float(rng.choice(around, p=near / near.sum()))
        if rng.random() > rest:
            yield plan.note(beat, 0.92 * beats, pitch, 92)
        beat += beats


def four_voices(plan: Plan) -> list[list[Note]]:
    """Return bass, tenor, alto and soprano: the nearest notes of each chord, some passing notes."""
    rng, places = plan.rng, [48.0, 57.0, 64.0, 71.0]
    voices: list[list[Note]] = [[], [], [], []]
    for span in plan.spans:
        notes = [(span.harmony.root + step) % 12 for step in span.harmony.steps]
        wanted = [notes[0] if rng.random() < 0.75 else notes[1], *rng.permutation(notes)[:3]]  # noqa: PLR2004
        for voice, note in enumerate(wanted):
            low, high = _VOICE_RANGES[voice]
            choices = np.array([p for p in range(low, high) if p % 12 == note])
            before = places[voice]
            places[voice] = float(choices[np.abs(choices - before).argmin()])
            start, beats = span.start, span.end - span.start
            if abs(places[voice] - before) in {3, 4} and rng.random() < 0.3:  # noqa: PLR2004
                passing = round((places[voice] + before) / 2)
                voices[voice].append(plan.note(start, 0.3 * beats, passing, 72))
                start, beats = start + 0.3 * beats, 0.7 * beats
            voices[voice].append(plan.note(start, 0.97 * beats, places[voice], 78))
    return voices


def drums(plan: Plan) -> Iterator[Note]:
    """Yield kick, snare and cymbals, with fills."""
    rng = plan.rng
    hat, gap = int(rng.choice(_HATS)), float(rng.choice([0.25, 0.5, 0.5, 1.0, 1 / 3]))
    kicks = set(rng.choice([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5], 3, replace=False))
    for beat in np.arange(0.0, plan.spans[-1].end, 0.5):
        if beat % 4 in kicks or beat % 4 == 0:
            yield plan.note(beat, 0.2, _KICK, 100)
        if beat % 2 == 1:
            yield plan.note(beat, 0.2, _SNARE, 100)
        if beat % 16 == 0:
            yield plan.note(beat, 1.0, _CRASH, 90)
        if beat % 8 > 7 and rng.random() < 0.5:  # noqa: PLR2004 (fills before the ninth beat)
            yield plan.note(beat, 0.2, int(rng.choice(_TOMS)), 95)
    for beat in np.arange(0.0, plan.spans[-1].end, gap):
        yield plan.note(float(beat), 0.1, hat, 68)
