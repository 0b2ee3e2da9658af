"""Key and chords of a recording, and of the last seconds of a stream."""

from collections import deque
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.analysis import (
    harmonic_evidence,
    is_steady_machine,
    semitones_of,
    steadiness,
)
from daemon.practice.harmony.chord_network import CHORDS, NO_CHORD, ChordNetwork, read_weights
from daemon.practice.harmony.chord_path import likeliest_chords, stretches
from daemon.practice.harmony.keys import Steadiness, confidence
from daemon.practice.harmony.semitones import SEMITONES, semitone_magnitudes
from daemon.practice.spectral_peaks import SteadyPeaks, SteadyPeakStream
from daemon.practice.spectrum import (
    FRAME_SAMPLES,
    HOP_SAMPLES,
    HOP_SECONDS,
    SpectrumStream,
)
from daemon.practice.spelling import NAMES_OF_KEYS, pitch_class_name
from daemon.sound.window import SAMPLE_RATE_HZ

KEY_FROM = 0.5
"""A key is shown if its confidence is at least this."""
KEY_SECONDS = 30.0
"""The span of a stream that its key is found in, and the sound that is kept."""
CHORD_SECONDS = 10.0
"""The span of a stream that its chords are found in."""

_BLOCK_SAMPLES = 60 * SAMPLE_RATE_HZ
_CERTAIN_SCORE = 100.0
_AUDIBLE_MAGNITUDE = 1e-5


class Chord(NamedTuple):
    """A chord and when it sounds."""

    start_seconds: float
    """Seconds from the start of the recording or stream."""
    end_seconds: float
    """The start of the next chord."""
    label: str
    """In Harte's syntax: `Eb:maj`, `A:min`, or `N` for no chord."""


class Harmony(NamedTuple):
    """The key and the chords of a stretch of sound."""

    key: str | None
    """Such as `Eb major`; None if it is uncertain."""
    key_confidence: float
    """0..1: the probability that there is a key and that it is right or closely related."""
    guessed_key: str
    """The likeliest key, also where it is uncertain."""
    chords: list[Chord]
    """In order, without gaps; spelt as `key` has them."""


class HarmonyStream:
    """Finds key and chords of the last seconds of a stream; keeps less than 1 MB."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all sound; the next sample is the first one."""
        frames = round(KEY_SECONDS / HOP_SECONDS)
        self._stream = SpectrumStream()
        self._peak_stream = SteadyPeakStream()
        self._spectra: deque[NDArray[np.float32]] = deque(maxlen=frames)
        self._peaks: deque[tuple[complex, float, float]] = deque(maxlen=frames)
        self._frames = 0

    def push(self, samples: NDArray[np.float32]) -> None:
        """Add (n,) further samples at 16 kHz."""
        spectra = self._stream.push(samples)
        # Copies, so that a long block is not kept whole.
        self._spectra.extend(spectrum.copy() for spectrum in spectra)
        self._peaks.extend(zip(*self._peak_stream.push_spectra(spectra), strict=True))
        self._frames += len(spectra)

    def steady_peaks(self) -> SteadyPeaks:
        """Return the steady peaks of the last 30 s, for `estimated_tuning`."""
        direction, strength, loudness = np.array(self._peaks, complex).reshape(-1, 3).T
        return SteadyPeaks(direction, strength.real, loudness.real)

    def harmony(self, last_seconds: float | None = None) -> Harmony | None:
        """Return the key of the last seconds (at most, and by default, 30), and its chords.

        Chords are those of the last 10 s, at most of `last_seconds`; they begin later than the
        stream. Returns None for silence and for less than half a second of sound.
        """
        count = _frames_of(KEY_SECONDS if last_seconds is None else last_seconds)
        spectra = list(self._spectra)[-count:]
        if not spectra:
            return None
        peaks = _last(self.steady_peaks(), count)
        magnitudes, steady = semitones_of(np.stack(spectra), peaks)
        first_frame = self._frames - len(magnitudes)
        return _harmony(_Heard(magnitudes, steady, first_frame), _frames_of(CHORD_SECONDS))


def harmony_of(samples: NDArray[np.float32]) -> Harmony | None:
    """Return key and chords of a recording, (n,) samples at 16 kHz.

    Returns None for silence and for less than half a second of sound.
    """
    blocks = [samples[k : k + _BLOCK_SAMPLES] for k in range(0, len(samples), _BLOCK_SAMPLES)]
    peak_stream = SteadyPeakStream()
    parts = [*map(peak_stream.push, blocks), peak_stream.finish()]
    peaks = SteadyPeaks(*(np.concatenate(same) for same in zip(*parts, strict=True)))
    cents, steady = steadiness(peaks)
    # The spectra are computed again, because those of a long recording do not fit into memory.
    stream = SpectrumStream()
    rows = [semitone_magnitudes(stream.push(block), cents) for block in blocks]
    magnitudes = np.concatenate([np.empty((0, SEMITONES), np.float32), *rows])
    found = _harmony(_Heard(magnitudes, steady, 0), None)
    if found is None:
        return None
    last = found.chords[-1]._replace(end_seconds=len(samples) / SAMPLE_RATE_HZ)
    return found._replace(chords=[*found.chords[:-1], last])


class _Heard(NamedTuple):
    """Successive frames of a sound."""

    magnitudes: NDArray[np.float32]
    """Semitone magnitudes (frames, SEMITONES)."""
    steady: Steadiness
    """Of all frames."""
    first_frame: int
    """The number of the first frame in the stream."""


def _harmony(heard: _Heard, chord_frames: int | None) -> Harmony | None:
    """Return the key of all frames and the chords of the last `chord_frames`, by default all."""
    if not np.any(heard.magnitudes > _AUDIBLE_MAGNITUDE):
        return None
    network, weights = _network()
    evidence = harmonic_evidence(network, heard.magnitudes, heard.steady)
    certainty = confidence(evidence.key.figures, weights)
    if is_steady_machine(heard.magnitudes):
        certainty = 0.0
        evidence.chords[:, NO_CHORD] = _CERTAIN_SCORE
    guess = NAMES_OF_KEYS[evidence.key.best]
    key = guess if certainty >= KEY_FROM else None
    scores = evidence.chords[-chord_frames:] if chord_frames else evidence.chords
    first_frame = heard.first_frame + len(evidence.chords) - len(scores)
    return Harmony(key, certainty, guess, _chords(scores, first_frame, key))


def _chords(scores: NDArray[np.float32], first_frame: int, key: str | None) -> list[Chord]:
    chords = []
    for first, end, chord in stretches(likeliest_chords(scores)):
        label = "N"
        if chord != NO_CHORD:
            quality = "maj" if chord < CHORDS // 2 else "min"
            label = f"{pitch_class_name(chord, key)}:{quality}"
        start, stop = (_change_seconds(first_frame + frame) for frame in (first, end))
        chords.append(Chord(start, stop, label))
    return chords


def _change_seconds(frame: int) -> float:
    """Return the time in the middle between the centres of a frame and the one before."""
    samples = frame * HOP_SAMPLES + (FRAME_SAMPLES - HOP_SAMPLES) / 2
    return samples / SAMPLE_RATE_HZ if frame else 0.0


def _last(peaks: SteadyPeaks, count: int) -> SteadyPeaks:
    direction, strength, loudness = peaks
    return SteadyPeaks(direction[-count:], strength[-count:], loudness[-count:])


def _frames_of(seconds: float) -> int:
    return max(1, round(seconds / HOP_SECONDS))


@cache
def _network() -> tuple[ChordNetwork, NDArray[np.float64]]:
    """Return the built-in network, and the weights of the confidence."""
    weights = read_weights()
    return ChordNetwork(weights), weights["confidence"].astype(np.float64)
