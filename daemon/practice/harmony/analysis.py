"""From spectra to the evidence for chords and keys: the part that training shares."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.chord_features import chord_features, whitened
from daemon.practice.harmony.chord_network import NO_CHORD, ChordNetwork
from daemon.practice.harmony.keys import KeyEvidence, Steadiness, key_evidence
from daemon.practice.harmony.semitones import semitone_magnitudes
from daemon.practice.harmony.templates import blended, template_log_chances
from daemon.practice.spectral_peaks import SteadyPeaks, SteadyPeakStream
from daemon.practice.spectrum import HOP_SECONDS, SpectrumStream
from daemon.practice.tuning import estimated_tuning

LEAST_MOVEMENT = 0.15
"""Music changes its notes; steady machines are below this."""

_MOVEMENT_FRAMES = round(1.0 / HOP_SECONDS)
_LEAST_FRAMES = round(6.0 / HOP_SECONDS)  # a single chord may stay as long
_SILENT_MAGNITUDE = 1e-5
_SILENT_SCORE = 2.0
_NONE_BIAS = -1.5  # a chord that fades is still heard


class HarmonicEvidence(NamedTuple):
    """What is heard in successive frames."""

    chords: NDArray[np.float32]
    """Scores (frames, 25) of the chords and of none."""
    key: KeyEvidence
    """The evidence for the keys over all frames."""


def steadiness(peaks: SteadyPeaks) -> tuple[float, Steadiness]:
    """Return the tuning in cents (0 if unknown), and how steady the partials are."""
    estimate = estimated_tuning(peaks)
    if estimate is None:
        return 0.0, Steadiness(0.0, 0.0)
    share = float(np.mean(peaks.strength > 0.0))
    return estimate.cents, Steadiness(estimate.confidence, share)


def semitones_of(
    spectra: NDArray[np.float32], peaks: SteadyPeaks
) -> tuple[NDArray[np.float32], Steadiness]:
    """Return semitone magnitudes (frames, SEMITONES) at the sound's own tuning, and steadiness."""
    cents, steady = steadiness(peaks)
    return semitone_magnitudes(spectra, cents), steady


def heard_semitones(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], Steadiness]:
    """Return semitone magnitudes (frames, SEMITONES) of 16 kHz samples (n,), and steadiness."""
    spectra = SpectrumStream().push(samples)
    return semitones_of(spectra, peaks_of(spectra))


def peaks_of(spectra: NDArray[np.float32]) -> SteadyPeaks:
    """Return the steady peaks of all spectra (frames, BINS) of a sound."""
    stream = SteadyPeakStream()
    parts = zip(stream.push_spectra(spectra), stream.finish(), strict=True)
    return SteadyPeaks(*(np.concatenate(both) for both in parts))


def is_steady_machine(magnitudes: NDArray[np.float32]) -> bool:
    """Return True if semitone magnitudes (frames, SEMITONES) stay as those of a hum or a fan."""
    return len(magnitudes) >= _LEAST_FRAMES and movement(magnitudes) < LEAST_MOVEMENT


def movement(magnitudes: NDArray[np.float32]) -> float:
    """Return how much the notes of semitone magnitudes (frames, SEMITONES) change in a second.

    One minus the mean cosine similarity of frames that are a second apart, 0..1; loud frames count
    more. There must be more than a second of frames.
    """
    loud = np.sqrt(whitened(magnitudes))
    length = np.linalg.norm(loud, axis=1)
    before, after = loud[:-_MOVEMENT_FRAMES], loud[_MOVEMENT_FRAMES:]
    lengths = np.stack([length[:-_MOVEMENT_FRAMES], length[_MOVEMENT_FRAMES:]]) + 1e-9
    similarity = np.sum(before * after, axis=1) / lengths.prod(axis=0)
    weight = lengths.min(axis=0)
    return 1.0 - float(similarity @ weight / weight.sum())


def harmonic_evidence(
    network: ChordNetwork, magnitudes: NDArray[np.float32], steady: Steadiness
) -> HarmonicEvidence:
    """Weigh chords and keys of semitone magnitudes (frames, SEMITONES)."""
    log_chances = network.log_chances(chord_features(magnitudes))
    scores = blended(log_chances, template_log_chances(magnitudes))
    key = key_evidence(magnitudes, scores, log_chances, steady)
    scores[:, NO_CHORD] += _NONE_BIAS
    scores[magnitudes.max(axis=1) < _SILENT_MAGNITUDE, NO_CHORD] = _SILENT_SCORE
    return HarmonicEvidence(scores, key)
