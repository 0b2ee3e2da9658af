"""Estimate the A4 that the playing amounts to, and measure how well notes are in tune."""

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from daemon.practice.spectral_peaks import SteadyPeaks
from daemon.practice.spectrum import HOP_SECONDS

STANDARD_A4_HZ = 440.0
IN_TUNE_CENTS = 10.0
SUSTAINED_SECONDS = 0.3
"""Shorter notes do not count for tuning: their pitch is not settled."""

_LEAST_SECONDS = 1.0  # of sound with steady peaks
# One of 110 train negatives of 16 s gets an A4 with this, and 89 % of rendered lines across rooms.
_LEAST_CONFIDENCE = 0.2
_LEAST_ERROR_CENTS = 12.0
_BLOCK_SECONDS = 2.0  # frames of one block share notes, so that only blocks are independent
_QUIETEST_OF_LOUDEST = 0.02
_SEMITONE_CENTS = 100.0


class TunedNote(Protocol):
    """A note and its deviation from equal temperament on the reference A4."""

    @property
    def onset(self) -> float:
        """Start in seconds."""

    @property
    def offset(self) -> float:
        """End in seconds."""

    @property
    def midi(self) -> int:
        """Nearest key; 69 is A4."""

    @property
    def cents(self) -> float:
        """Deviation from the key's pitch, -50 to 50."""


class TuningEstimate(NamedTuple):
    """How far the playing is from A4 = 440 Hz, modulo a semitone."""

    cents: float
    """-50 to 50; near either end the sign is uncertain."""
    error_cents: float
    """Two standard errors of `cents`, at least 12."""
    confidence: float
    """0..1: how closely the partials agree."""
    seconds: float
    """Duration of the sound with steady partials."""

    @property
    def best_a4_hz(self) -> float:
        """The likeliest A4 in hertz, 427.5 to 452.9, also where it is a guess."""
        return float(STANDARD_A4_HZ * 2.0 ** (self.cents / 1200.0))

    @property
    def a4_hz(self) -> float | None:
        """A4 in hertz; None if it is uncertain or as near to a quarter tone as its error."""
        is_certain = self.confidence >= _LEAST_CONFIDENCE and self.seconds >= _LEAST_SECONDS
        is_clear = abs(self.cents) <= _SEMITONE_CENTS / 2.0 - self.error_cents
        return self.best_a4_hz if is_certain and is_clear else None


def estimated_tuning(peaks: SteadyPeaks) -> TuningEstimate | None:
    """Return the tuning of the frames in `peaks`; None without a steady partial."""
    heard = peaks.strength > 0.0
    heard &= peaks.loudness > _QUIETEST_OF_LOUDEST * peaks.loudness.max(initial=0.0)
    if not heard.any():
        return None
    strength = peaks.strength[heard]
    # Frames have equal weights, but for quiet ones, in which echo and noise are strong.
    weight = np.sqrt(np.minimum(1.0, strength / np.median(strength)))
    vectors = weight * peaks.direction[heard]
    total = complex(vectors.sum())
    block = np.nonzero(heard)[0] // round(_BLOCK_SECONDS / HOP_SECONDS)
    across = np.bincount(block, (vectors * np.conj(total)).imag)
    # The angle's standard error, from how far the blocks' sums lie off the direction of the total.
    error = math.sqrt(float(np.sum(across**2))) / max(abs(total) ** 2, 1e-12)
    cents_per_radian = _SEMITONE_CENTS / (2.0 * math.pi)
    return TuningEstimate(
        cents=math.atan2(total.imag, total.real) * cents_per_radian,
        error_cents=max(_LEAST_ERROR_CENTS, 2.0 * error * cents_per_radian),
        confidence=abs(total) / float(weight.sum()),
        seconds=int(heard.sum()) * HOP_SECONDS,
    )


def a4_hz(peaks: SteadyPeaks) -> float | None:
    """Return the A4 that the playing amounts to, in hertz; None if it is unknown."""
    estimate = estimated_tuning(peaks)
    return None if estimate is None else estimate.a4_hz


def sustained(notes: Sequence[TunedNote]) -> list[TunedNote]:
    """Return the notes of at least 0.3 s."""
    # The margin admits notes of exactly this length in frames of 10 ms.
    return [note for note in notes if note.offset - note.onset >= SUSTAINED_SECONDS - 1e-6]


def in_tune_share(
    notes: Sequence[TunedNote], a4_hz: float | None, *, reference_hz: float = STANDARD_A4_HZ
) -> float | None:
    """Return the share of the sustained notes' duration within 10 cents of the scale on `a4_hz`.

    The notes' cents are relative to `reference_hz`. None without A4 or without a sustained note.
    """
    held = sustained(notes)
    if a4_hz is None or not held:
        return None
    scale_cents = 1200.0 * math.log2(a4_hz / reference_hz)
    seconds = [note.offset - note.onset for note in held]
    is_in_tune = [abs(_wrapped(note.cents - scale_cents)) <= IN_TUNE_CENTS for note in held]
    return sum(length for length, good in zip(seconds, is_in_tune, strict=True) if good) / sum(
        seconds
    )


def median_cents(notes: Sequence[TunedNote]) -> float | None:
    """Return the median deviation of the sustained notes; None without one."""
    held = sustained(notes)
    return float(np.median([note.cents for note in held])) if held else None


def tuning_drift_cents(notes: Sequence[TunedNote]) -> float | None:
    """Return the median cents of the last third of the playing minus that of the first.

    Thirds are of the time from the first onset to the last offset. A drift over the middle of a
    semitone keeps its direction. None unless both thirds have a sustained note.
    """
    held = sustained(notes)
    if not held:
        return None
    start = min(note.onset for note in held)
    third = (max(note.offset for note in held) - start) / 3.0
    first = median_cents([note for note in held if note.onset < start + third])
    last = median_cents([note for note in held if note.onset >= start + 2.0 * third])
    return None if first is None or last is None else _wrapped(last - first)


def _wrapped(cents: float) -> float:
    """Return cents as -50 to 50, modulo a semitone."""
    return (cents + _SEMITONE_CENTS / 2.0) % _SEMITONE_CENTS - _SEMITONE_CENTS / 2.0
