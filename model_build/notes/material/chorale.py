"""Make up four-voice settings like a hymn: chords on the beat, small steps, passing notes."""

import numpy as np

from model_build.notes.material.chance import chance
from model_build.rendering.midi_file import Note

VOICE_RANGES = ((60, 80), (55, 74), (48, 68), (36, 60))
"""Lowest and highest MIDI number of soprano, alto, tenor and bass."""

_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
_NEXT_DEGREE = {  # which triads follow a triad, by degree of the scale
    0: (3, 4, 5, 1, 4),
    1: (4, 4, 6),
    2: (5, 3),
    3: (4, 0, 1),
    4: (0, 0, 5, 3),
    5: (1, 3, 4),
    6: (0, 2),
}
_PASSING_SHARE = 0.25

Rng = np.random.Generator


def chorale(rng: Rng, seconds: float) -> list[list[Note]]:
    """Return the notes of four voices, soprano first."""
    key, scale = int(rng.integers(12)), (_MAJOR, _MINOR)[rng.integers(2)]
    beat, loose_seconds = (
        60.0 / rng.uniform(50.0, 120.0),
        float(rng.choice([0, 0.008, 0.015, 0.03])),
    )
    pitches = [int(rng.integers(low + 4, high - 4)) for low, high in VOICE_RANGES]
    voices: list[list[Note]] = [[] for _ in VOICE_RANGES]
    degree, now = 0, rng.uniform(0.1, 0.5)
    base_velocity = rng.integers(55, 105)
    while now < seconds:
        lasting = beat * float(rng.choice([1, 1, 1, 2]))
        tones = [(key + scale[(degree + step) % 7]) % 12 for step in (0, 2, 4)]
        for index, limits in enumerate(VOICE_RANGES):
            allowed = tones[:1] if index == len(VOICE_RANGES) - 1 and chance(rng, 0.8) else tones
            target = _nearest(rng, pitches[index], allowed, limits)
            start = max(0.02, now + rng.normal(0.0, loose_seconds))
            velocity = int(np.clip(base_velocity + rng.normal(0, 8), 20, 127))
            voices[index] += _beat(rng, Note(start, lasting, target, velocity), scale, key)
            pitches[index] = target
        now += lasting
        degree = int(rng.choice(_NEXT_DEGREE[degree]))
    return voices


def _nearest(rng: Rng, before: int, tones: list[int], limits: tuple[int, int]) -> int:
    """Return a chord tone near the voice's last pitch, within its range."""
    low, high = limits
    near = [midi for midi in range(low, high + 1) if midi % 12 in tones]
    near.sort(key=lambda midi: abs(midi - before) + rng.uniform(0.0, 3.0))
    return near[0]


def _beat(rng: Rng, note: Note, scale: tuple[int, ...], key: int) -> list[Note]:
    """Return a voice's notes of one chord: the note, or it and a passing note."""
    if rng.random() >= _PASSING_SHARE:
        return [note]
    midi = note.pitch_midi
    step = int(rng.choice([-1, 1]))
    passing = next(m for m in range(midi + step, midi + 5 * step, step) if (m - key) % 12 in scale)
    half = note.seconds / 2
    second = Note(note.start_seconds + half, half, passing, note.velocity)
    return [note._replace(seconds=half), second]
