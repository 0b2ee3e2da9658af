"""Ways to play a phrase on a pitched instrument: melody, run, chords, arpeggio, bass line."""

from collections.abc import Iterator

import numpy as np

from model_build.rendering.midi_file import Note
from model_build.rendering.tunes.mood import (
    LEGATO,
    PHRASE_SECONDS,
    REST_PROBABILITY,
    Mood,
    Rng,
    chord_steps,
    mirrored,
    note,
    random_rhythm,
    scale_degree,
)

STEPS = (-4, -2, -1, -1, -1, 0, 1, 1, 1, 2, 3, 4)
WALKING_PROBABILITY = 0.3


def melody(mood: Mood, rng: Rng) -> Iterator[Note]:
    """Yield a random walk over the key, mostly by step, in random rhythms."""
    step = int(rng.integers(len(mood.pitches)))
    for now_seconds, seconds in random_rhythm(mood, rng):
        step = mirrored(step + int(rng.choice(STEPS)), len(mood.pitches))
        yield note(mood, rng, now_seconds, seconds, step)


def run(mood: Mood, rng: Rng) -> Iterator[Note]:
    """Yield the scale up and down in even notes, sometimes in broken thirds."""
    seconds = mood.beat_seconds / float(rng.choice([2, 3, 4]))
    third = int(rng.choice([0, 0, 2]))
    step, direction = int(rng.integers(len(mood.pitches))), int(rng.choice([-1, 1]))
    for count, now_seconds in enumerate(np.arange(0.0, PHRASE_SECONDS, seconds)):
        yield note(mood, rng, now_seconds, seconds, step + third * (count % 2))
        if not 0 <= step + direction < len(mood.pitches):
            direction = -direction
        step += direction


def chords(mood: Mood, rng: Rng) -> Iterator[Note]:
    """Yield the chords of a progression in a random rhythm, sometimes rolled."""
    roll_seconds = float(rng.choice([0.0, 0.0, 0.012, 0.03]))
    for now_seconds, seconds in random_rhythm(mood, rng):
        for order, step in enumerate(chord_steps(mood, scale_degree(mood, now_seconds), rng)):
            yield note(mood, rng, now_seconds + order * roll_seconds, seconds, step)


def arpeggio(mood: Mood, rng: Rng) -> Iterator[Note]:
    """Yield the chords of a progression note by note; the notes ring on."""
    seconds = mood.beat_seconds / float(rng.choice([2, 3, 4]))
    ring, order = rng.uniform(1.0, 4.0), rng.permutation(4)
    for count, now_seconds in enumerate(np.arange(0.0, PHRASE_SECONDS, seconds)):
        chord = chord_steps(mood, scale_degree(mood, now_seconds), rng=None)
        yield note(mood, rng, now_seconds, seconds * ring, chord[order[count % 4] % len(chord)])


def accompanied_melody(mood: Mood, rng: Rng) -> Iterator[Note]:
    """Yield a melody in the upper half of the register, with chords or a bass line below it."""
    half = len(mood.pitches) // 2
    yield from melody(mood._replace(pitches=mood.pitches[half:]), rng)
    below = mood._replace(pitches=mood.pitches[: half + 1], velocity=0.8 * mood.velocity)
    yield from (chords, arpeggio, bass_line)[rng.integers(3)](below, rng)


def held_chords(mood: Mood, rng: Rng) -> Iterator[Note]:
    """Yield long chords without gaps, of one to four beats each."""
    now_seconds = 0.0
    while now_seconds < PHRASE_SECONDS:
        seconds = max(0.5, mood.beat_seconds * float(rng.choice([1, 2, 2, 4])))
        for step in chord_steps(mood, int(rng.integers(len(mood.pitches))), rng):
            yield note(mood._replace(held=LEGATO), rng, now_seconds, seconds, step)
        now_seconds += seconds


def bass_line(mood: Mood, rng: Rng) -> Iterator[Note]:
    """Yield roots, fifths and octaves of a progression, or a walking bass."""
    division, walking = float(rng.choice([1, 2, 2, 4])), rng.random() < WALKING_PROBABILITY
    seconds = mood.beat_seconds / division
    step = 0
    for now_seconds in np.arange(0.0, PHRASE_SECONDS, seconds):
        if rng.random() < REST_PROBABILITY * division:
            continue
        if walking:
            step = mirrored(step + int(rng.choice([-1, 1, 2])), len(mood.pitches))
        else:
            root = scale_degree(mood, now_seconds) % max(1, len(mood.pitches) // 2)
            step = root + int(rng.choice([0, 0, 0, 4, 7]))
        yield note(mood, rng, now_seconds, seconds, step)
