"""Ways to play a phrase on drums and percussion. Keys are those of General MIDI's channel 10."""

from collections.abc import Iterator

import numpy as np

from model_build.rendering.midi_file import Note
from model_build.rendering.tunes.mood import PHRASE_SECONDS, Mood, Rng, stroke

FILL_PROBABILITY, CRASH_PROBABILITY = 0.35, 0.3
ROLL_PROBABILITY, SOLO_CRASH_PROBABILITY = 0.8, 0.05
FILL_STEP = 12  # of the 16 steps of a bar
# One bar in semiquavers: kick, snare, and hi-hat or ride.
BEATS = (
    ("x.......x.......", "....x.......x...", "x.x.x.x.x.x.x.x."),
    ("x.....x.x.......", "....x.......x..x", "xxxxxxxxxxxxxxxx"),
    ("x...x...x...x...", "....x.......x...", "..x...x...x...x."),
    ("x..x..x...x.....", "....x..x.x..x...", "x.xxx.x.x.xxx.x."),
    ("x.........x.....", "........x.......", "x...x..xx...x..x"),
    ("x.....x...x.....", "....x.......x...", "x..xx..xx..xx..x"),
    ("x.x...x.x.x...x.", "....x.......x...", "x...x...x...x..."),
)
KICKS, SNARES, TIMEKEEPERS = (35, 36), (38, 38, 38, 40, 37), (42, 42, 42, 44, 46, 51, 53, 59)
TOMS, CYMBALS = (50, 48, 47, 45, 43, 41), (49, 55, 57)
PERCUSSION = ((60, 61, 62, 63, 64), (54, 69, 70, 82), (65, 66), (56, 67, 68), (75, 76, 77))


def pitched_strokes(mood: Mood, rng: Rng) -> Iterator[Note]:
    """Yield a few pitches of the key, in a random pattern of one bar that repeats."""
    step_seconds = mood.beat_seconds / 4.0
    pattern = rng.random(16) < rng.uniform(0.15, 0.6)
    pattern[0] = True
    pitches = rng.choice(mood.pitches, 4)
    for count, now_seconds in enumerate(np.arange(0.0, PHRASE_SECONDS, step_seconds)):
        if pattern[count % 16]:
            yield stroke(mood, now_seconds, int(pitches[count % len(pitches)]), count)


def kit_beat(mood: Mood, rng: Rng) -> Iterator[Note]:
    """Yield kick, snare and timekeeper in a common beat, sometimes with a fill or a cymbal."""
    step_seconds, swing = mood.beat_seconds / 4.0, float(rng.choice([0.0, 0.0, 0.33]))
    lines = BEATS[rng.integers(len(BEATS))]
    keys = [int(rng.choice(keys)) for keys in (KICKS, SNARES, TIMEKEEPERS)]
    plays = rng.random(3) < (0.9, 0.9, 0.85)
    plays[rng.integers(3)] = True
    fill = rng.random() < FILL_PROBABILITY
    if rng.random() < CRASH_PROBABILITY:
        yield stroke(mood, 0.0, int(rng.choice(CYMBALS)), 0)
    for count, even_seconds in enumerate(np.arange(0.0, PHRASE_SECONDS, step_seconds)):
        now_seconds = even_seconds + swing * step_seconds * (count % 2)
        if fill and count % 16 >= FILL_STEP:
            yield stroke(mood, now_seconds, TOMS[(count % 4) + int(rng.integers(3))], count)
            continue
        for line, key, on in zip(lines, keys, plays, strict=True):
            if on and line[count % 16] == "x":
                yield stroke(mood, now_seconds, key, count)


def hand_percussion(mood: Mood, rng: Rng) -> Iterator[Note]:
    """Yield one to three of congas, shakers, timbales, bells and sticks, each with its pattern."""
    step_seconds = mood.beat_seconds / 4.0
    chosen = rng.permutation(len(PERCUSSION))[: rng.integers(1, 3, endpoint=True)]
    for instrument in chosen:
        pattern = rng.random(16) < rng.uniform(0.2, 0.7)
        pattern[0] = True
        for count, now_seconds in enumerate(np.arange(0.0, PHRASE_SECONDS, step_seconds)):
            if pattern[count % 16]:
                yield stroke(mood, now_seconds, int(rng.choice(PERCUSSION[instrument])), count)


def drum_solo(mood: Mood, rng: Rng) -> Iterator[Note]:
    """Yield rolls over snare and toms, with some cymbals."""
    step_seconds = mood.beat_seconds / float(rng.choice([3, 4, 6]))
    keys = rng.choice((*SNARES, *TOMS, *KICKS), 6)
    for count, now_seconds in enumerate(np.arange(0.0, PHRASE_SECONDS, step_seconds)):
        if rng.random() < ROLL_PROBABILITY:
            yield stroke(mood, now_seconds, int(keys[count // 3 % len(keys)]), count)
        if rng.random() < SOLO_CRASH_PROBABILITY:
            yield stroke(mood, now_seconds, int(rng.choice(CYMBALS)), count)
