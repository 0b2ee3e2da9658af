"""Tempo, beats, steadiness and drift of music, from log-mel frames."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.beats import tempogram
from daemon.practice.beats.bar_pointer import beat_frames, beat_tempi
from daemon.practice.beats.onset_strength import FRAMES_PER_SECOND, onset_strength

SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
"""Slower and faster beats are reported as a multiple or fraction in this range."""
STABILITY_SECONDS = 30.0
"""The span over which steadiness and drift are measured."""
TEMPO_FROM = 0.5
"""Music has a steady tempo if the confidence is at least this."""

LEAST_BEATS = 4
_SPAN_FRAMES = round(STABILITY_SECONDS * FRAMES_PER_SECOND)
# The strength peaks this long after the start of its frame when a click sounds.
_FRAME_SECONDS = 0.0135
_REFINING_FRAMES = 3
# An onset of this strength is certain to 63 %; strong ones have 4 to 6.
_TYPICAL_STRENGTH = 2.0
# The strength of the weakest onset that can begin or end a row of beats.
_AUDIBLE_STRENGTH = 0.5
# A longer gap is a pause, not a slow beat.
_LONGEST_GAP = 1.5
# Drift beyond this factor is another way of counting the same music.
_LARGEST_DRIFT = 1.5
# Beats may leave the tempo of the tempogram by about this factor, in octaves.
_TEMPO_OCTAVES = 0.15
# Weights of `evidence`, then the bias, as in `model_build.rhythm.fit_confidence`. Preliminary: from
# 14 songs, clean and in a room, and 40 joined clips of speech and noise.
_WEIGHTS = np.array([1.28, 0.47, 3.52, 3.21, -0.14, -3.93])


class Rhythm(NamedTuple):
    """The best guess of the beats of a piece of music, and whether to believe it."""

    beats_seconds: NDArray[np.float64]
    """Times (b,) of the beats from the start of the first frame, in order; b is at least 4."""
    figures: NDArray[np.float64]
    """The figures (5,) of `evidence`."""

    @property
    def confidence(self) -> float:
        """Probability that the music has a steady tempo, 0..1."""
        score = float(np.append(self.figures, 1.0) @ _WEIGHTS)
        return float(1.0 / (1.0 + np.exp(-score)))

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


def find_rhythm(frames: NDArray[np.float32]) -> Rhythm | None:
    """Find the beats of log-mel `frames` (n, 64), 100 a second.

    Returns None for silence, for sound without onsets and for sound that is too short for four
    beats.
    """
    strength = onset_strength(frames)
    if strength is None:
        return None
    half = strength[: len(strength) // 2 * 2].reshape(-1, 2).max(axis=1)
    activation = 1.0 - np.exp(-half / _TYPICAL_STRENGTH)
    spans = [_Span(strength[start:end]) for start, end in _spans(len(strength))]
    preferences = np.array([span.preferences for span in spans])
    found = beat_frames(activation, preferences, _SPAN_FRAMES // 2)
    found = _between_onsets(found, half)
    if len(found) < LEAST_BEATS:
        return None
    beats = _refined(found, strength)
    return Rhythm(beats, evidence(spans, activation, found, beats))


class _Span:
    """The tempograms of 30 s of onset strength (n,)."""

    def __init__(self, strength: NDArray[np.float64]) -> None:
        self.correlation = tempogram.autocorrelation(strength)
        self.product = tempogram.tempogram(strength, self.correlation)
        self.guess_bpm = tempogram.likely_bpm(self.product)

    @property
    def preferences(self) -> NDArray[np.float64]:
        """Log-probability (k,) of each of `beat_tempi`, close to the most likely tempo."""
        octaves = np.log2(beat_tempi() / self.guess_bpm) / _TEMPO_OCTAVES
        weights: NDArray[np.float64] = -0.5 * octaves**2
        return weights


def _spans(frames: int) -> list[tuple[int, int]]:
    """Return start and end of the spans of 30 s; the last one is between 15 s and 45 s long."""
    count = max(1, round(frames / _SPAN_FRAMES))
    ends = [*(_SPAN_FRAMES * k for k in range(1, count)), frames]
    return list(zip([0, *ends[:-1]], ends, strict=True))


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


def evidence(
    spans: Sequence[_Span],
    activation: NDArray[np.float64],
    found: NDArray[np.int64],
    beats_seconds: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return five figures (5,), about 0..1, that speak for a steady tempo.

    They are the regularity of the onset strength at the gap of the beats, the height of the
    tempogram there relative to its maximum, that maximum, the mean of the `activation` (n,) at the
    beats `found` (b,), and the evenness of their gaps. The first three are means over the spans.
    """
    gaps = np.diff(beats_seconds)
    gap = float(np.median(gaps))
    figures = []
    for span in spans:
        highest = float(span.product.max())
        if highest <= 0.0:  # a silent span
            continue
        here = float(np.interp(60.0 / gap, tempogram.TEMPI_BPM, span.product))
        regularity = max(0.0, tempogram.regularity(span.correlation, 60.0 / gap))
        figures.append((regularity, here / highest, float(np.sqrt(highest))))
    spread = float(np.median(np.abs(gaps - gap)) / gap)
    around = np.stack([activation[np.clip(found + k, 0, len(activation) - 1)] for k in (-1, 0, 1)])
    at_beats = float(around.max(axis=0).mean())
    return np.array(
        [*np.mean(figures or [(0.0, 0.0, 0.0)], axis=0), at_beats, float(np.exp(-10.0 * spread))]
    )


def _between_onsets(found: NDArray[np.int64], strength: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the beats from the first to the last audible onset; silence has no beats."""
    audible = np.flatnonzero(strength >= _AUDIBLE_STRENGTH)
    if not len(audible):
        return found[:0]
    kept: NDArray[np.int64] = found[(found >= audible[0] - 1) & (found <= audible[-1] + 1)]
    return kept


def _refined(found: NDArray[np.int64], strength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return beats in seconds (b,): the peak of the strength (n,) close to each, between frames."""
    beats = np.empty(len(found))
    for row, frame in enumerate(2 * found):
        first = max(1, frame - _REFINING_FRAMES)
        near = strength[first : frame + _REFINING_FRAMES + 2]
        at = float(frame)
        if len(near) and near.max() >= _AUDIBLE_STRENGTH:
            at = _vertex(strength, first + int(near.argmax()))
        beats[row] = at / FRAMES_PER_SECOND + _FRAME_SECONDS
    return beats


def _vertex(values: NDArray[np.float64], peak: int) -> float:
    """Return the place of the top of the parabola through the values around `peak`."""
    if not 0 < peak < len(values) - 1:
        return float(peak)
    left, middle, right = values[peak - 1 : peak + 2]
    curvature = left - 2.0 * middle + right
    if curvature >= 0.0:
        return float(peak)
    return peak + float(np.clip(0.5 * (left - right) / curvature, -0.5, 0.5))


def _tempi(beats_seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the tempo between successive beats (m,), in beats a minute, without pauses."""
    gaps = np.diff(beats_seconds)
    if not len(gaps):
        return gaps
    kept: NDArray[np.float64] = 60.0 / gaps[(gaps > 0) & (gaps <= _LONGEST_GAP * np.median(gaps))]
    return kept
