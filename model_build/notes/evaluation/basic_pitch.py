"""The notes that Basic Pitch finds, to compare: its network, and our own form of its note creation.

Bittner et al., "A lightweight instrument-agnostic model for polyphonic note transcription and
multipitch estimation", ICASSP 2022. Its package cannot be installed beside current TensorFlow.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import load_network
from daemon.practice.notes.note_creation import KEYS, LOWEST_MIDI
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.notes.evaluation.note_figures import PlayedNote

_RATE_HZ, _HOP_SAMPLES = 22_050, 256
_WINDOW_SAMPLES = 2 * _RATE_HZ - _HOP_SAMPLES
_WINDOW_FRAMES, _OVERLAP_FRAMES = 172, 30
_ONSET, _FRAME = 0.5, 0.3
_SHORTEST_FRAMES, _TOLERATED_FRAMES = 11, 11
_DIFFERENCES = (1, 2)
_ALIGNMENT_SECONDS = 0.0018

Array = NDArray[np.float32]


class BasicPitch:
    """Basic Pitch's network, run on one thread."""

    def __init__(self, path: Path) -> None:
        self._network: Any = load_network(path)
        self._network.allocate_tensors()
        outputs = self._network.get_signature_runner().get_output_details()
        self._note, self._onset = outputs["note"]["index"], outputs["onset"]["index"]

    def notes(self, samples: Array) -> list[PlayedNote]:
        """Return the notes of samples (n,) at 16 kHz, by their onset."""
        import soxr

        sound = soxr.resample(samples, SAMPLE_RATE_HZ, _RATE_HZ)
        kept = slice(_OVERLAP_FRAMES // 2, -(_OVERLAP_FRAMES // 2))
        made = [(note[kept], onset[kept]) for note, onset in self._windows(sound)]
        count = int(len(sound) * (_RATE_HZ // _HOP_SAMPLES) / _RATE_HZ)
        frames = np.concatenate([note for note, _ in made])[:count]
        onsets = np.concatenate([onset for _, onset in made])[:count]
        seconds = _frame_seconds(len(frames))
        found = notes_of(frames, onsets)
        return sorted(PlayedNote(float(seconds[start]), float(midi)) for start, midi in found)

    def _windows(self, sound: Array) -> Iterator[tuple[Array, Array]]:
        overlap = _OVERLAP_FRAMES * _HOP_SAMPLES
        padded = np.concatenate([np.zeros(overlap // 2, np.float32), sound])
        for first in range(0, len(padded), _WINDOW_SAMPLES - overlap):
            part = padded[first : first + _WINDOW_SAMPLES]
            window = np.zeros((1, _WINDOW_SAMPLES, 1), np.float32)
            window[0, : len(part), 0] = part
            self._network.set_tensor(self._network.get_input_details()[0]["index"], window)
            self._network.invoke()
            yield (
                self._network.get_tensor(self._note)[0],
                self._network.get_tensor(self._onset)[0],
            )


def notes_of(frames: Array, onsets: Array) -> list[tuple[int, int]]:
    """Return (first frame, MIDI number) of each note of activations and onsets, each (n, 88)."""
    inferred = _with_rises(onsets, frames)
    left = frames.copy()
    found = []
    peaks = np.zeros_like(inferred, bool)
    inner = inferred[1:-1]
    peaks[1:-1] = (inner > inferred[:-2]) & (inner > inferred[2:]) & (inner >= _ONSET)
    for start, key in reversed(list(zip(*np.nonzero(peaks), strict=True))):
        end = _end(left, int(start) + 1, int(key), 1)
        if end - start > _SHORTEST_FRAMES:
            left[start:end, max(0, key - 1) : key + 2] = 0.0
            found.append((int(start), LOWEST_MIDI + int(key)))
    while len(left) and left.max() > _FRAME:
        middle, key = map(int, np.unravel_index(left.argmax(), left.shape))
        end = _end(left, middle + 1, key, 1) - 1
        start = _end(left, middle - 1, key, -1) + 1
        left[start : end + 1, max(0, key - 1) : key + 2] = 0.0
        if end - start > _SHORTEST_FRAMES:
            found.append((start, LOWEST_MIDI + key))
    return found


def _end(left: Array, frame: int, key: int, step: int) -> int:
    """Return the first frame in a direction after which a key stays below the threshold."""
    low = 0
    while 0 < frame < len(left) - 1 and low < _TOLERATED_FRAMES:
        low = low + 1 if left[frame, key] < _FRAME else 0
        frame += step
    return frame - step * low


def _with_rises(onsets: Array, frames: Array) -> Array:
    """Return the onsets, or the rises of the activations where they are higher."""
    rises = np.full_like(frames, np.inf)
    for lag in _DIFFERENCES:
        before = np.concatenate([np.zeros((lag, KEYS), np.float32), frames[:-lag]])
        rises = np.minimum(rises, frames - before)
    rises = np.maximum(rises, 0.0)
    rises[: max(_DIFFERENCES)] = 0.0
    if rises.max() > 0:
        rises *= onsets.max() / rises.max()
    return np.asarray(np.maximum(onsets, rises))


def _frame_seconds(count: int) -> NDArray[np.float64]:
    """Return the time of each frame; windows hold slightly less than a whole number of frames."""
    hop = _HOP_SAMPLES / _RATE_HZ
    window = np.arange(count) // _WINDOW_FRAMES
    short = hop * (_WINDOW_FRAMES - _WINDOW_SAMPLES / _HOP_SAMPLES) + _ALIGNMENT_SECONDS
    return np.asarray(np.arange(count) * hop - window * short)
