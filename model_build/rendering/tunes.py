"""An instrument and chance in, what somebody might play on it out: one phrase after the other."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.rendering.general_midi import Programme
from model_build.rendering.soundfont import Note

PHRASE_SECONDS = 4.0
SHORTEST_SECONDS = 0.03
LATEST_START_SECONDS = 0.4
TIMING_SECONDS = 0.008  # people are never quite on the beat
TOUCH_VELOCITY = 5.0
LOUDNESS_VELOCITY = (45.0, 112.0)
SWELL_VELOCITY = 20.0
BEATS_PER_MINUTE = (60.0, 170.0)
LEGATO, DETACHED, STACCATO = (1.0, 1.1), (0.6, 0.9), (0.2, 0.4)
SCALES = (
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 2, 4, 5, 7, 9, 10),
    (0, 2, 4, 7, 9),
    (0, 3, 5, 6, 7, 10),
)
STEPS = (-4, -2, -1, -1, -1, 0, 1, 1, 1, 2, 3, 4)
CELLS = (  # rhythms, in beats
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
WALKING_PROBABILITY = 0.3
FILL_PROBABILITY, CRASH_PROBABILITY = 0.35, 0.3
ROLLED_PROBABILITY, SOLO_CRASH_PROBABILITY = 0.8, 0.05
FILL_STEP = 12  # of the bar's sixteen
# A column a semiquaver of one bar: kick, snare, hi-hat or ride.
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
BY_HAND = ((60, 61, 62, 63, 64), (54, 69, 70, 82), (65, 66), (56, 67, 68), (75, 76, 77))

Rng = np.random.Generator


class _Mood(NamedTuple):
    """What holds for one phrase: tempo, key, register, loudness, how long notes are held."""

    beat_seconds: float
    pitches: NDArray[np.int64]  # of the key, within the register, rising
    velocity: float
    swell: float
    held: tuple[float, float]
    busy: float  # 0 prefers long notes, 1 short ones


def performance(programme: Programme, rng: Rng, phrases: int) -> list[Note]:
    """So many phrases, one begun every 4 s, each in a key, tempo and touch of its own."""
    notes: list[Note] = []
    for phrase in range(phrases):
        start_seconds = phrase * PHRASE_SECONDS
        ways = _WAYS[programme.manner]
        played = ways[rng.integers(len(ways))](_mood(programme, rng), rng)
        notes += _humanly(played, start_seconds, rng)
    return notes


def _mood(programme: Programme, rng: Rng) -> _Mood:
    """Draw what holds for a phrase; its register is at most two octaves of what can be played."""
    span = min(24, programme.highest_midi - programme.lowest_midi)
    low = int(rng.integers(programme.lowest_midi, programme.highest_midi - span, endpoint=True))
    tonic, scale = int(rng.integers(12)), SCALES[rng.integers(len(SCALES))]
    register = np.arange(low, low + span + 1)
    return _Mood(
        beat_seconds=60.0 / float(np.exp(rng.uniform(*np.log(BEATS_PER_MINUTE)))),
        pitches=register[np.isin((register - tonic) % 12, scale)],
        velocity=rng.uniform(*LOUDNESS_VELOCITY),
        swell=rng.uniform(-SWELL_VELOCITY, SWELL_VELOCITY),
        held=(LEGATO, LEGATO, DETACHED, STACCATO)[rng.integers(4)],
        busy=rng.uniform(0.0, 1.0),
    )


def _humanly(notes: Iterator[Note], start_seconds: float, rng: Rng) -> Iterator[Note]:
    """The notes of a phrase that fit its 4 s, a little inaccurate, moved to its start."""
    late_seconds = rng.uniform(0.0, LATEST_START_SECONDS)
    for note in notes:
        at_seconds = max(0.0, note.start_seconds + late_seconds + rng.normal(0.0, TIMING_SECONDS))
        seconds = min(note.seconds, PHRASE_SECONDS - at_seconds)
        if seconds >= SHORTEST_SECONDS:
            velocity = int(np.clip(note.velocity + rng.normal(0.0, TOUCH_VELOCITY), 1, 127))
            yield Note(start_seconds + at_seconds, seconds, note.pitch_midi, velocity)


def _melody(mood: _Mood, rng: Rng) -> Iterator[Note]:
    """A walk over the key's pitches, mostly by step, in rhythms of one to four notes."""
    at = int(rng.integers(len(mood.pitches)))
    for now_seconds, seconds in _rhythm(mood, rng):
        at = _within(at + int(rng.choice(STEPS)), len(mood.pitches))
        yield _note(mood, rng, now_seconds, seconds, at)


def _run(mood: _Mood, rng: Rng) -> Iterator[Note]:
    """Up and down the scale in even notes, perhaps in broken thirds."""
    seconds = mood.beat_seconds / float(rng.choice([2, 3, 4]))
    third = int(rng.choice([0, 0, 2]))
    at, way = int(rng.integers(len(mood.pitches))), int(rng.choice([-1, 1]))
    for count, now_seconds in enumerate(np.arange(0.0, PHRASE_SECONDS, seconds)):
        yield _note(mood, rng, now_seconds, seconds, at + third * (count % 2))
        if not 0 <= at + way < len(mood.pitches):
            way = -way
        at += way


def _chords(mood: _Mood, rng: Rng) -> Iterator[Note]:
    """Chords of a progression, struck in one rhythm or rolled."""
    roll_seconds = float(rng.choice([0.0, 0.0, 0.012, 0.03]))
    for now_seconds, seconds in _rhythm(mood, rng):
        for order, at in enumerate(_chord(mood, _degree(mood, now_seconds), rng)):
            yield _note(mood, rng, now_seconds + order * roll_seconds, seconds, at)


def _arpeggio(mood: _Mood, rng: Rng) -> Iterator[Note]:
    """Chords of a progression note by note, left to ring."""
    seconds = mood.beat_seconds / float(rng.choice([2, 3, 4]))
    ring, order = rng.uniform(1.0, 4.0), rng.permutation(4)
    for count, now_seconds in enumerate(np.arange(0.0, PHRASE_SECONDS, seconds)):
        chord = _chord(mood, _degree(mood, now_seconds), rng=None)
        yield _note(mood, rng, now_seconds, seconds * ring, chord[order[count % 4] % len(chord)])


def _accompanied(mood: _Mood, rng: Rng) -> Iterator[Note]:
    """A melody in the upper half of the register, chords or single low notes under it."""
    half = len(mood.pitches) // 2
    yield from _melody(mood._replace(pitches=mood.pitches[half:]), rng)
    below = mood._replace(pitches=mood.pitches[: half + 1], velocity=0.8 * mood.velocity)
    yield from (_chords, _arpeggio, _line)[rng.integers(3)](below, rng)


def _held_chords(mood: _Mood, rng: Rng) -> Iterator[Note]:
    """Broad chords without gaps, one to four beats each."""
    now_seconds = 0.0
    while now_seconds < PHRASE_SECONDS:
        seconds = max(0.5, mood.beat_seconds * float(rng.choice([1, 2, 2, 4])))
        for at in _chord(mood, int(rng.integers(len(mood.pitches))), rng):
            yield _note(mood._replace(held=LEGATO), rng, now_seconds, seconds, at)
        now_seconds += seconds


def _line(mood: _Mood, rng: Rng) -> Iterator[Note]:
    """A bass line: root, fifth and octave of a progression, or walking by step."""
    division, walking = float(rng.choice([1, 2, 2, 4])), rng.random() < WALKING_PROBABILITY
    seconds = mood.beat_seconds / division
    at = 0
    for now_seconds in np.arange(0.0, PHRASE_SECONDS, seconds):
        if rng.random() < REST_PROBABILITY * division:
            continue
        if walking:
            at = _within(at + int(rng.choice([-1, 1, 2])), len(mood.pitches))
        else:
            root = _degree(mood, now_seconds) % max(1, len(mood.pitches) // 2)
            at = root + int(rng.choice([0, 0, 0, 4, 7]))
        yield _note(mood, rng, now_seconds, seconds, at)


def _strokes(mood: _Mood, rng: Rng) -> Iterator[Note]:
    """A few pitches struck in one bar's pattern of semiquavers."""
    step_seconds = mood.beat_seconds / 4.0
    pattern = rng.random(16) < rng.uniform(0.15, 0.6)
    pattern[0] = True
    pitches = rng.choice(mood.pitches, 4)
    for count, now_seconds in enumerate(np.arange(0.0, PHRASE_SECONDS, step_seconds)):
        if pattern[count % 16]:
            yield _stroke(mood, now_seconds, int(pitches[count % len(pitches)]), count)


def _beat(mood: _Mood, rng: Rng) -> Iterator[Note]:
    """A kit's kick, snare and timekeeper in a common pattern, a fill or a cymbal now and then."""
    step_seconds, swing = mood.beat_seconds / 4.0, float(rng.choice([0.0, 0.0, 0.33]))
    lines = BEATS[rng.integers(len(BEATS))]
    keys = [int(rng.choice(keys)) for keys in (KICKS, SNARES, TIMEKEEPERS)]
    plays = rng.random(3) < (0.9, 0.9, 0.85)
    plays[rng.integers(3)] = True
    fill = rng.random() < FILL_PROBABILITY
    if rng.random() < CRASH_PROBABILITY:
        yield _stroke(mood, 0.0, int(rng.choice(CYMBALS)), 0)
    for count, even_seconds in enumerate(np.arange(0.0, PHRASE_SECONDS, step_seconds)):
        now_seconds = even_seconds + swing * step_seconds * (count % 2)
        if fill and count % 16 >= FILL_STEP:
            yield _stroke(mood, now_seconds, TOMS[(count % 4) + int(rng.integers(3))], count)
            continue
        for line, key, on in zip(lines, keys, plays, strict=True):
            if on and line[count % 16] == "x":
                yield _stroke(mood, now_seconds, key, count)


def _by_hand(mood: _Mood, rng: Rng) -> Iterator[Note]:
    """Congas, shakers, timbales, bells or sticks, each with a pattern of its own."""
    step_seconds = mood.beat_seconds / 4.0
    chosen = rng.permutation(len(BY_HAND))[: rng.integers(1, 3, endpoint=True)]
    for instrument in chosen:
        pattern = rng.random(16) < rng.uniform(0.2, 0.7)
        pattern[0] = True
        for count, now_seconds in enumerate(np.arange(0.0, PHRASE_SECONDS, step_seconds)):
            if pattern[count % 16]:
                yield _stroke(mood, now_seconds, int(rng.choice(BY_HAND[instrument])), count)


def _solo_on_drums(mood: _Mood, rng: Rng) -> Iterator[Note]:
    """Rolls over snare and toms, with a cymbal in between."""
    step_seconds = mood.beat_seconds / float(rng.choice([3, 4, 6]))
    keys = rng.choice((*SNARES, *TOMS, *KICKS), 6)
    for count, now_seconds in enumerate(np.arange(0.0, PHRASE_SECONDS, step_seconds)):
        if rng.random() < ROLLED_PROBABILITY:
            yield _stroke(mood, now_seconds, int(keys[count // 3 % len(keys)]), count)
        if rng.random() < SOLO_CRASH_PROBABILITY:
            yield _stroke(mood, now_seconds, int(rng.choice(CYMBALS)), count)


_WAYS: dict[str, tuple[Callable[[_Mood, Rng], Iterator[Note]], ...]] = {
    "solo": (_melody, _melody, _melody, _run),
    "fingers": (_melody, _chords, _arpeggio, _accompanied, _accompanied, _run),
    "strummed": (_melody, _melody, _chords, _arpeggio, _arpeggio, _accompanied),
    "ensemble": (_held_chords, _held_chords, _melody, _chords),
    "line": (_line, _line, _line, _melody),
    "strokes": (_strokes,),
    "kit": (_beat, _beat, _beat, _by_hand, _solo_on_drums),
}


def _rhythm(mood: _Mood, rng: Rng) -> Iterator[tuple[float, float]]:
    """Starts and lengths in seconds, rests left out."""
    weights = np.array([len(cell) / sum(cell) for cell in CELLS]) ** (4.0 * mood.busy - 2.0)
    now_seconds = 0.0
    while now_seconds < PHRASE_SECONDS:
        for beats in CELLS[rng.choice(len(CELLS), p=weights / weights.sum())]:
            seconds = beats * mood.beat_seconds
            if seconds > LONGEST_REST_SECONDS or rng.random() >= REST_PROBABILITY:
                yield now_seconds, seconds
            now_seconds += seconds


def _degree(mood: _Mood, now_seconds: float) -> int:
    """Which degree of the scale the harmony stands on; it moves every two beats."""
    progression = PROGRESSIONS[int(mood.velocity * 1000.0) % len(PROGRESSIONS)]
    return progression[int(now_seconds / (2.0 * mood.beat_seconds)) % len(progression)]


def _chord(mood: _Mood, degree: int, rng: Rng | None) -> list[int]:
    """Places in the key of a chord's three or four notes; inverted by chance where there is one."""
    degrees = [degree, degree + 2, degree + 4]
    if rng is None or rng.random() < OCTAVE_PROBABILITY:
        degrees.append(degree + 7)
    moved = 0 if rng is None else int(rng.integers(3))
    return sorted({_within(place + moved * 2, len(mood.pitches)) for place in degrees})


def _note(mood: _Mood, rng: Rng, now_seconds: float, seconds: float, place: int) -> Note:
    pitch = int(mood.pitches[_within(place, len(mood.pitches))])
    held_seconds = seconds * rng.uniform(*mood.held)
    return Note(now_seconds, held_seconds, pitch, _velocity(mood, now_seconds))


def _stroke(mood: _Mood, now_seconds: float, key: int, count: int) -> Note:
    accent = (1.0, 0.72, 0.86, 0.72)[count % 4]
    return Note(now_seconds, 0.2, key, max(1, round(accent * _velocity(mood, now_seconds))))


def _velocity(mood: _Mood, now_seconds: float) -> int:
    loudness = mood.velocity + mood.swell * now_seconds / PHRASE_SECONDS
    return int(np.clip(loudness, 1, 127))


def _within(place: int, count: int) -> int:
    """The place, mirrored at the ends where it lies outside 0..count - 1."""
    last = max(1, count - 1)
    place = place % (2 * last)
    return min(place if place <= last else 2 * last - place, count - 1)
