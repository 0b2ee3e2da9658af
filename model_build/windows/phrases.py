"""Composes parts of single sounds: notes to a phrase, drum strokes to a beat."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES

RELEASE_SECONDS = 0.04
VELOCITY_DB = (-9.0, 0.0)
GATE = (0.6, 1.6)  # length of a note in intervals: detached to overlapping
CHORD_PROBABILITY = 0.35
CHORD_NOTES = (2, 4)
BEATS_PER_MINUTE = (70.0, 160.0)
STROKE_PROBABILITY = (0.1, 0.6)


def phrase_of_notes(
    notes: Sequence[NDArray[np.float32]],
    rng: np.random.Generator,
    *,
    interval_seconds: tuple[float, float],
    chords: bool,
) -> NDArray[np.float32]:
    """Return a window of 4 s, (64 000,), in which notes of one instrument follow each other.

    `interval_seconds` is the range of the beat, which is the same for the whole window; notes
    follow after one or two beats. With `chords`, some windows have several notes at once.
    """
    window = np.zeros(WINDOW_SAMPLES, np.float32)
    beat = np.exp(rng.uniform(*np.log(interval_seconds))) * SAMPLE_RATE_HZ
    with_chords = chords and rng.random() < CHORD_PROBABILITY
    at = rng.uniform(0.0, beat)
    while at < WINDOW_SAMPLES:
        interval = beat * rng.choice([1, 1, 2])
        count = int(rng.integers(*CHORD_NOTES, endpoint=True)) if with_chords else 1
        for _ in range(count):
            note = notes[int(rng.integers(len(notes)))]
            cut = released(note, round(interval * rng.uniform(*GATE)))
            _add(window, cut, round(at), rng.uniform(*VELOCITY_DB))
        at += interval
    return window


def beat_of_strokes(
    strokes: Mapping[str, Sequence[NDArray[np.float32]]], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return a window of 4 s, (64 000,), that repeats a random bar of drum strokes.

    `strokes` maps sorts (kick, snare, ...) to recordings; each sort occurs in the bar.
    """
    window = np.zeros(WINDOW_SAMPLES, np.float32)
    step = 60.0 / rng.uniform(*BEATS_PER_MINUTE) / 4.0 * SAMPLE_RATE_HZ
    first = rng.uniform(0.0, step)
    for sort in sorted(strokes):
        stroke = strokes[sort][int(rng.integers(len(strokes[sort])))]
        pattern = rng.random(16) < rng.uniform(*STROKE_PROBABILITY)
        pattern[rng.integers(16)] = True
        for index in range(int((WINDOW_SAMPLES - first) / step)):
            if pattern[index % 16]:
                _add(window, stroke, round(first + index * step), rng.uniform(*VELOCITY_DB))
    return window


def released(note: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """Return the first `samples` of the note, faded out at the end if it is cut."""
    if samples >= len(note):
        return note
    fade = min(samples, round(RELEASE_SECONDS * SAMPLE_RATE_HZ))
    cut = note[:samples].copy()
    cut[samples - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return cut


def _add(window: NDArray[np.float32], sound: NDArray[np.float32], at: int, gain_db: float) -> None:
    part = sound[: max(0, len(window) - at)]
    window[at : at + len(part)] += np.float32(10.0 ** (gain_db / 20.0)) * part
