"""Tempo, beats, steadiness and drift of music, from log-mel frames."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.beats.bar_pointer import beat_frames
from daemon.practice.beats.beat_network import BeatNetwork, beat_features, built_in_network
from daemon.practice.beats.evidence import confidence, evidence
from daemon.practice.beats.onset_strength import onset_strength, relative_levels, rises
from daemon.practice.beats.refining import between_onsets, refined
from daemon.practice.beats.spans import SPAN_FRAMES, SPAN_SECONDS, spans

SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
"""Slower and faster beats are reported as a multiple or fraction in this range."""
STABILITY_SECONDS = SPAN_SECONDS
"""The span over which steadiness and drift are measured."""
TEMPO_FROM = 0.5
"""Music has a steady tempo if the confidence is at least this."""
LEAST_BEATS = 4
"""Fewer beats have no tempo."""

# A longer gap is a pause, not a slow beat.
_LONGEST_GAP = 1.5
# Drift beyond this factor is another way of counting the same music.
_LARGEST_DRIFT = 1.5


class Rhythm(NamedTuple):
    """The best guess of the beats of a piece of music, and whether to believe it."""

    beats_seconds: NDArray[np.float64]
    """Times (b,) of the beats from the start of the first frame, in order; b is at least 4."""
    figures: NDArray[np.float64]
    """The figures of `evidence`."""
    confidence: float
    """Probability that the music has a steady tempo, 0..1."""

    @property
    def is_steady(self) -> bool:
        """True if the beats are credible enough to be shown."""
        return self.confidence >= TEMPO_FROM

    @property
    def guessed_bpm(self) -> float:
        """60 / median gap of the beats, moved by factors of two into 40..240."""
        return folded_bpm(60.0 / float(np.median(np.diff(self.beats_seconds))))

    @property
    def tempo_bpm(self) -> float | None:
        """Beats a minute, 40..240, or None without a steady tempo."""
        return self.guessed_bpm if self.is_steady else None

    @property
    def beats(self) -> NDArray[np.float64] | None:
        """Times (b,) of the beats in seconds, or None without a steady tempo."""
        return self.beats_seconds if self.is_steady else None

    @property
    def tempo_stability(self) -> float | None:
        """Standard deviation / mean of the tempo between beats, or None without a steady tempo.

        Of more than 30 s of music it is the median of its spans of 30 s.
        """
        return tempo_stability(self.beats_seconds) if self.is_steady else None


def find_rhythm(frames: NDArray[np.float32], network: BeatNetwork | None = None) -> Rhythm | None:
    """Find the beats of log-mel `frames` (n, 64), 100 a second, with the built-in network.

    Live, the frames are those of the last 30 s. Returns None for silence, for sound without onsets
    and for sound that is too short for four beats.
    """
    levels = relative_levels(frames)
    if levels is None:
        return None
    rise = rises(levels)
    strength = onset_strength(rise)
    if strength is None:
        return None
    network = built_in_network() if network is None else network
    activation = network.activation(beat_features(levels, rise))
    count = len(activation)
    parts = spans(strength[: 2 * count], np.repeat(activation, 2))
    preferences = np.array([part.preferences for part in parts])
    found = beat_frames(activation, preferences, SPAN_FRAMES // 2)
    found = between_onsets(found, strength[: 2 * count].reshape(-1, 2).max(axis=1))
    if len(found) < LEAST_BEATS:
        return None
    beats = refined(found, strength)
    figures = evidence(parts, activation, found, beats)
    return Rhythm(beats, figures, confidence(figures, network.confidence))


def folded_bpm(bpm: float) -> float:
    """Return a tempo multiplied or divided by two until it lies in 40..240."""
    while bpm < SLOWEST_BPM:
        bpm *= 2.0
    while bpm > FASTEST_BPM:
        bpm /= 2.0
    return bpm


def tempo_stability(beats_seconds: NDArray[np.float64]) -> float | None:
    """Return standard deviation / mean of the tempo between beats at (b,) seconds.

    Pauses do not count. Of more than 30 s it is the median of the spans of 30 s. Returns None if no
    span has four beats.
    """
    if len(beats_seconds) < LEAST_BEATS:
        return None
    values = []
    for start in np.arange(beats_seconds[0], beats_seconds[-1], STABILITY_SECONDS):
        inside = (beats_seconds >= start) & (beats_seconds < start + STABILITY_SECONDS)
        tempi = _tempi(beats_seconds[inside])
        if len(tempi) >= LEAST_BEATS - 1:
            values.append(float(tempi.std() / tempi.mean()))
    return float(np.median(values)) if values else None


def tempo_drift(first_bpm: float, last_bpm: float) -> float | None:
    """Return the tempo of the last 30 s relative to that of the first 30 s, minus one.

    Returns None beyond a factor of 1.5, where the same music is counted in other units.
    """
    ratio = last_bpm / first_bpm
    return ratio - 1.0 if 1.0 / _LARGEST_DRIFT <= ratio <= _LARGEST_DRIFT else None


def drift_of_beats(beats_seconds: NDArray[np.float64], seconds: float) -> float | None:
    """Return the `tempo_drift` of a recording of `seconds` with beats at (b,) seconds.

    Returns None below 60 s, or if the first or last 30 s have fewer than four beats.
    """
    if seconds < 2.0 * STABILITY_SECONDS:
        return None
    first = _tempi(beats_seconds[beats_seconds < STABILITY_SECONDS])
    last = _tempi(beats_seconds[beats_seconds >= seconds - STABILITY_SECONDS])
    if min(len(first), len(last)) < LEAST_BEATS - 1:
        return None
    return tempo_drift(float(np.median(first)), float(np.median(last)))


def _tempi(beats_seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the tempo between successive beats (m,), in beats a minute, without pauses."""
    gaps = np.diff(beats_seconds)
    if not len(gaps):
        return gaps
    kept: NDArray[np.float64] = 60.0 / gaps[(gaps > 0) & (gaps <= _LONGEST_GAP * np.median(gaps))]
    return kept
