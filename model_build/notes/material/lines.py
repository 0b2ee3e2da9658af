"""Make up what one instrument plays: melodies, plucked strings, chords and dense textures."""

from collections.abc import Callable

import numpy as np

from model_build.notes.material.chance import chance
from model_build.rendering.midi_file import Note

_SCALES = (
    *((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 8, 11), (0, 2, 4, 7, 9)),
    *((0, 3, 5, 7, 10), (0, 2, 4, 5, 7, 9, 10), tuple(range(12))),
)
_CHORDS = (
    *((0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 3, 7, 10), (0, 4, 7, 11), (0, 5, 7), (0, 3, 6)),
    *((0, 4, 8), (0, 7), (0, 12), (0, 4), (0, 3), (0, 7, 12, 16), (0, 12, 16, 19, 24)),
)
_STEPS = (0, 1, 1, 1, 1, 2, 2, 3, 4, 5, 7)
_BEATS = (0.25, 0.5, 0.5, 1.0, 1.0, 1.5, 2.0)
_TOUCHES = (0.35, 0.6, 0.9, 1.0, 1.0, 1.03)
_SHORTEST_SECONDS = 0.06
_GUITAR_STRINGS = (40, 45, 50, 55, 59, 64)

Rng = np.random.Generator
Range = tuple[int, int]
Line = Callable[[Rng, Range, float], list[Note]]


def melody(rng: Rng, midi_range: Range, seconds: float) -> list[Note]:
    """Return one note after the other, mostly in steps of a scale."""
    scale, key = _SCALES[rng.integers(len(_SCALES))], int(rng.integers(12))
    low, high = midi_range
    pitches = [midi for midi in range(low, high + 1) if (midi - key) % 12 in scale]
    place = home = int(rng.integers(len(pitches)))
    reach = int(rng.choice([5, 8, 14, len(pitches)]))
    duration = _rhythm(rng)
    touch, velocity = float(rng.choice(_TOUCHES)), _velocities(rng)
    notes: list[Note] = []
    now = rng.uniform(0.1, 0.6)
    while now < seconds:
        if chance(rng, 0.06):  # a rest
            now += rng.uniform(0.1, 1.0)
        lasting = max(0.08, duration())
        start = max(0.02, now + rng.normal(0.0, 0.008))
        held = max(_SHORTEST_SECONDS, lasting * touch)
        notes.append(Note(start, held, pitches[place], velocity(now)))
        now += lasting
        place += int(rng.choice([-1, 1])) * int(rng.choice(_STEPS))
        lowest, highest = max(0, home - reach), min(len(pitches) - 1, home + reach)
        place = min(highest, max(lowest, place))
    return notes


def plucks(rng: Rng, midi_range: Range, seconds: float) -> list[Note]:
    """Return long notes of which some ring into the next, as when tuning open strings."""
    low, high = midi_range
    open_strings = low <= _GUITAR_STRINGS[0] and chance(rng, 0.5)
    notes: list[Note] = []
    now = rng.uniform(0.2, 0.6)
    while now < seconds:
        string = _GUITAR_STRINGS[len(notes) % len(_GUITAR_STRINGS)]
        midi = string if open_strings else int(rng.integers(low, high + 1))
        lasting = rng.uniform(0.4, 2.6)
        notes.append(Note(now, lasting, min(midi, high), int(rng.integers(30, 120))))
        now += lasting * (rng.uniform(0.7, 1.2) if chance(rng, 0.3) else 1.0)
    return notes


def chords(rng: Rng, midi_range: Range, seconds: float) -> list[Note]:
    """Return chords: struck, strummed, or broken into single notes."""
    beat = 60.0 / rng.uniform(50.0, 150.0)
    velocity, styles = _velocities(rng), ["struck", "strummed", "broken", "broken in turn"]
    style = str(rng.choice([*styles, "mixed"]))
    notes: list[Note] = []
    now = rng.uniform(0.1, 0.5)
    while now < seconds:
        pitches = _chord(rng, midi_range)
        chosen = str(rng.choice(styles)) if style == "mixed" else style
        lasting = float(np.clip(beat * rng.choice([0.5, 1, 1, 2, 2, 4]), 0.15, 4.0))
        if chosen.startswith("broken"):
            made = _broken(rng, pitches, now, beat, velocity, in_turn=chosen != "broken")
            now = max(note.start_seconds for note in made) + beat / 3
        else:
            spread = 0.0 if chosen == "struck" else rng.uniform(0.008, 0.05)
            held = max(_SHORTEST_SECONDS, lasting * rng.choice([0.5, 0.9, 1.0]))
            made = [
                Note(now + i * spread + abs(rng.normal(0, 0.006)), held, midi, velocity(now))
                for i, midi in enumerate(pitches)
            ]
            now += lasting
        notes += made
    return notes


def two_hands(rng: Rng, midi_range: Range, seconds: float) -> list[Note]:
    """Return a melody above chords."""
    low, high = midi_range
    middle = (low + high) // 2
    above = melody(rng, (middle - 2, high), seconds)
    below = chords(rng, (low, max(low + 16, middle + 3)), seconds)
    return above + [note._replace(velocity=max(1, int(0.85 * note.velocity))) for note in below]


def dense(rng: Rng, midi_range: Range, seconds: float) -> list[Note]:
    """Return notes without any order, three to fourteen a second and up to four together."""
    low, high = midi_range
    gap, velocity = 1.0 / rng.uniform(3.0, 14.0), _velocities(rng)
    notes: list[Note] = []
    now = 0.1
    while now < seconds:
        for _ in range(int(rng.choice([1, 1, 1, 2, 2, 3, 4]))):
            midi = int(np.clip(rng.normal((low + high) / 2, (high - low) / 5), low, high))
            lasting = float(np.exp(rng.uniform(np.log(0.08), np.log(1.5))))
            notes.append(Note(now + abs(rng.normal(0, 0.006)), lasting, midi, velocity(now)))
        now += rng.exponential(gap) + 0.03
    return notes


def one_at_a_time(notes: list[Note], overlap_seconds: float) -> list[Note]:
    """Return the notes, each released when the next begins, or a little later."""
    kept: list[Note] = []
    for note in sorted(notes):
        if kept:
            gap = note.start_seconds - kept[-1].start_seconds
            if gap < _SHORTEST_SECONDS:
                continue
            kept[-1] = kept[-1]._replace(seconds=min(kept[-1].seconds, gap + overlap_seconds))
        kept.append(note)
    return kept


def released_before_repeats(notes: list[Note]) -> list[Note]:
    """Return the notes, each released before its key is pressed again."""
    kept: list[Note] = []
    newest: dict[int, int] = {}
    for note in sorted(notes):
        if note.pitch_midi in newest:
            index = newest[note.pitch_midi]
            gap = note.start_seconds - kept[index].start_seconds
            if gap < _SHORTEST_SECONDS:
                continue
            kept[index] = kept[index]._replace(seconds=min(kept[index].seconds, gap - 0.012))
        newest[note.pitch_midi] = len(kept)
        kept.append(note)
    return kept


def _rhythm(rng: Rng) -> Callable[[], float]:
    """Return a function that draws the duration of the next note in seconds."""
    beat = 60.0 / rng.uniform(50.0, 170.0)
    style = str(rng.choice(["mixed", "even", "fast", "long", "free"]))
    pace = rng.uniform(0.085, 0.2)
    if style == "mixed":
        return lambda: beat * float(rng.choice(_BEATS))
    if style == "even":
        return lambda: beat / 2
    if style == "fast":
        return lambda: pace if chance(rng, 0.85) else rng.uniform(0.085, 0.25)
    if style == "long":
        return lambda: rng.uniform(0.7, 2.8)
    return lambda: float(np.exp(rng.uniform(np.log(0.12), np.log(1.6))))


def _velocities(rng: Rng) -> Callable[[float], int]:
    """Return a function from time to velocity, with slow swells and small accents."""
    base = rng.integers(35, 112)

    def velocity(seconds: float) -> int:
        swell = 12.0 * np.sin(2 * np.pi * seconds / 6.0)
        return int(np.clip(base + rng.normal(0.0, 9.0) + swell, 18, 126))

    return velocity


def _chord(rng: Rng, midi_range: Range) -> list[int]:
    low, high = midi_range
    root = int(rng.integers(low, max(low + 1, high - 16)))
    pitches = {
        root + step + 12 * int(chance(rng, 0.2)) for step in _CHORDS[rng.integers(len(_CHORDS))]
    }
    if chance(rng, 0.4):
        pitches.add(root - 12)
    return sorted(midi for midi in pitches if low <= midi <= high) or [root]


def _broken(
    rng: Rng,
    pitches: list[int],
    now: float,
    beat: float,
    velocity: Callable[[float], int],
    *,
    in_turn: bool,
) -> list[Note]:
    """Return a broken chord, played once or twice."""
    order = pitches
    if in_turn:
        order = [pitches[0], pitches[-1], pitches[len(pitches) // 2], pitches[-1]]
    step = max(0.08, beat / rng.choice([2, 3, 4]))
    held = step * (len(order) if chance(rng, 0.4) else rng.choice([0.6, 0.9, 1.0]))
    return [
        Note(
            max(0.02, now + index * step + rng.normal(0, 0.005)),
            max(_SHORTEST_SECONDS, held),
            midi,
            velocity(now),
        )
        for index, midi in enumerate(order * int(rng.integers(1, 3)))
    ]
