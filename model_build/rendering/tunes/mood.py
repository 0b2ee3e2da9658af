"""The character of one phrase (key, tempo, loudness, touch), and notes that follow it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.rendering.general_midi import Program
from model_build.rendering.midi_file import Note

PHRASE_SECONDS = 4.0
LOUDNESS_VELOCITY = (45.0, 112.0)
SWELL_VELOCITY = 20.0
BEATS_PER_MINUTE = (60.0, 170.0)
LEGATO, DETACHED, STACCATO = (1.0, 1.1), (0.6, 0.9), (0.2, 0.4)
STROKE_SECONDS = 0.2
ACCENTS = (1.0, 0.72, 0.86, 0.72)
SCALES = (  # semitones above the tonic
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 2, 4, 5, 7, 9, 10),
    (0, 2, 4, 7, 9),
    (0, 3, 5, 6, 7, 10),
)
RHYTHMS = (  # in beats
    (1.0,),
    (2.0,),
    (4.0,),
    (0.5, 0.5),
    (1.5, 0.5),
    (0.75, 0.25),
    (1 / 3, 1 / 3, 1 / 3),
    (0.25, 0.25, 0.5),
    (0.25, 0.25, 0.25, 0.25),
)
PROGRESSIONS = ((0, 3, 4, 0), (0, 4, 5, 3), (5, 3, 0, 4), (1, 4, 0, 0), (0, 5, 1, 4), (0, 6, 5, 4))
REST_PROBABILITY = 0.08
LONGEST_REST_SECONDS = 0.6
OCTAVE_PROBABILITY = 0.4

Rng = np.random.Generator


class Mood(NamedTuple):
    """The character of one phrase."""

    beat_seconds: float
    """Length of a beat."""
    pitches: NDArray[np.int64]
    """MIDI pitches of the key within the register, ascending."""
    velocity: float
    """Velocity at the start of the phrase."""
    swell: float
    """Change of velocity until the end of the phrase."""
    held: tuple[float, float]
    """Range of a note's length, as a share of the time until the next one."""
    busy: float
    """0 prefers long notes, 1 short ones."""


def random_mood(program: Program, rng: Rng) -> Mood:
    """Draw a mood; its register spans at most two octaves of the program's range."""
    span = min(24, program.highest_midi - program.lowest_midi)
    low = int(rng.integers(program.lowest_midi, program.highest_midi - span, endpoint=True))
    tonic, scale = int(rng.integers(12)), SCALES[rng.integers(len(SCALES))]
    register = np.arange(low, low + span + 1)
    return Mood(
        beat_seconds=60.0 / float(np.exp(rng.uniform(*np.log(BEATS_PER_MINUTE)))),
        pitches=register[np.isin((register - tonic) % 12, scale)],
        velocity=rng.uniform(*LOUDNESS_VELOCITY),
        swell=rng.uniform(-SWELL_VELOCITY, SWELL_VELOCITY),
        held=(LEGATO, LEGATO, DETACHED, STACCATO)[rng.integers(4)],
        busy=rng.uniform(0.0, 1.0),
    )


def random_rhythm(mood: Mood, rng: Rng) -> Iterator[tuple[float, float]]:
    """Yield the start and length of each note in seconds, without rests."""
    weights = np.array([len(beats) / sum(beats) for beats in RHYTHMS]) ** (4.0 * mood.busy - 2.0)
    now_seconds = 0.0
    while now_seconds < PHRASE_SECONDS:
        for beats in RHYTHMS[rng.choice(len(RHYTHMS), p=weights / weights.sum())]:
            seconds = beats * mood.beat_seconds
            if seconds > LONGEST_REST_SECONDS or rng.random() >= REST_PROBABILITY:
                yield now_seconds, seconds
            now_seconds += seconds


def scale_degree(mood: Mood, now_seconds: float) -> int:
    """Return the scale degree of the harmony, which changes every two beats."""
    progression = PROGRESSIONS[int(mood.velocity * 1000.0) % len(PROGRESSIONS)]
    return progression[int(now_seconds / (2.0 * mood.beat_seconds)) % len(progression)]


def chord_steps(mood: Mood, degree: int, rng: Rng | None) -> list[int]:
    """Return the indices in `mood.pitches` of a chord's three or four notes.

    With `rng`, the chord is inverted at random.
    """
    degrees = [degree, degree + 2, degree + 4]
    if rng is None or rng.random() < OCTAVE_PROBABILITY:
        degrees.append(degree + 7)
    moved = 0 if rng is None else int(rng.integers(3))
    return sorted({mirrored(step + moved * 2, len(mood.pitches)) for step in degrees})


def note(mood: Mood, rng: Rng, now_seconds: float, seconds: float, step: int) -> Note:
    """Return the note of the key at index `step`, mirrored into the register."""
    pitch = int(mood.pitches[mirrored(step, len(mood.pitches))])
    held_seconds = seconds * rng.uniform(*mood.held)
    return Note(now_seconds, held_seconds, pitch, _velocity(mood, now_seconds))


def stroke(mood: Mood, now_seconds: float, key: int, count: int) -> Note:
    """Return a short note, accented by its number `count` within the beat."""
    accent = ACCENTS[count % 4]
    velocity = max(1, round(accent * _velocity(mood, now_seconds)))
    return Note(now_seconds, STROKE_SECONDS, key, velocity)


def mirrored(step: int, count: int) -> int:
    """Return the step, mirrored at the ends if it lies outside 0..count - 1."""
    last = max(1, count - 1)
    step = step % (2 * last)
    return min(step if step <= last else 2 * last - step, count - 1)


def _velocity(mood: Mood, now_seconds: float) -> int:
    loudness = mood.velocity + mood.swell * now_seconds / PHRASE_SECONDS
    return int(np.clip(loudness, 1, 127))
