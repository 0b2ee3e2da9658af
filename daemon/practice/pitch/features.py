"""Describe every frame of a followed pitch with the figures that decide whether it is voiced."""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

FEATURES = 7
"""Figures of a frame: see `_features`."""
FEATURE_LOOK_AHEAD = 5
"""Frames after a frame that its features use: 0.1 s."""

_PAST = 10  # frames before a frame that its features use: 0.2 s
_SPAN = _PAST + 1 + FEATURE_LOOK_AHEAD
_AROUND = slice(_PAST - FEATURE_LOOK_AHEAD, _SPAN)

# The running peak falls, and the running floor rises, by this much a frame: 1 dB a second.
_DRIFT_DB = 0.02
_DEEPEST_FLOOR_DB = 70.0  # below the peak
_SMALLEST_POWER = 1e-12

# Mains hum: a steady pitch at a low multiple of 50 or 60 Hz. In a tuning near 440 Hz, no note
# lies within 30 cents of these.
_MAINS_HZ = np.array([50.0, 60.0, 100.0, 120.0])
_MAINS_CENTS = 10.0
_STEADY_CENTS = 6.0
_STEADY_DB = 3.0

# Bursts of noise have a median aperiodicity above this, and notes in noisy rooms seldom have.
_NOISY_APERIODICITY = 0.64

_COLUMNS = 5  # semitones, aperiodicity, level, peak, floor


class Described(NamedTuple):
    """The features of successive frames."""

    features: NDArray[np.float64]
    """Figures (frames, FEATURES) of about unit size."""
    is_noise: NDArray[np.bool_]
    """Whether the sound (frames,) is mains hum, or has no period in most frames around."""
    db: NDArray[np.float64]
    """Level (frames,) in decibels of full scale."""


class FeatureStream:
    """Computes features with a fixed look-ahead, with the same bits at any block length."""

    def __init__(self) -> None:
        self._rows = np.empty((0, _COLUMNS))
        self._peak_db = -np.inf
        self._floor_db = np.inf

    def push(self, path: NDArray[np.float64], power: NDArray[np.float32]) -> Described:
        """Return the features of the frames that these frames complete.

        `path` is pitch in hertz and aperiodicity (frames, 2); `power` the mean square (frames,).
        """
        if not len(path):
            return _describe(self._rows[:0])
        db = 10.0 * np.log10(power.astype(np.float64) + _SMALLEST_POWER)
        peak, floor = self._levels(db)
        rows = np.stack([12.0 * np.log2(path[:, 0]), path[:, 1], db, peak, floor], axis=1)
        # Before the first frame, everything was as in the first frame.
        past = self._rows if len(self._rows) else np.repeat(rows[:1], _PAST, axis=0)
        return self._complete(np.concatenate([past, rows]))

    def finish(self) -> Described:
        """Return the features of the remaining frames; everything stays as in the last one."""
        last = np.repeat(self._rows[-1:], FEATURE_LOOK_AHEAD, axis=0)
        return self._complete(np.concatenate([self._rows, last]))

    def _complete(self, rows: NDArray[np.float64]) -> Described:
        self._rows = rows[max(0, len(rows) - _SPAN + 1) :]
        return _describe(rows)

    def _levels(self, db: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the running peak and floor (frames,) of the level."""
        peaks, floors = [], []
        for level in db.tolist():
            self._peak_db = max(level, self._peak_db - _DRIFT_DB)
            self._floor_db = min(level, self._floor_db + _DRIFT_DB)
            peaks.append(self._peak_db)
            floors.append(self._floor_db)
        return np.array(peaks), np.array(floors)


def _describe(rows: NDArray[np.float64]) -> Described:
    """Return what the rows (n, _COLUMNS) say about all but the first and last ones."""
    count = max(0, len(rows) - _SPAN + 1)
    if not count:
        return Described(np.empty((0, FEATURES)), np.empty(0, bool), np.empty(0))
    spans = sliding_window_view(rows, _SPAN, axis=0)
    semitones, aperiodicity, db = spans[:, 0], spans[:, 1], spans[:, 2]
    # Steady before a frame, or after it: hum is recognized from its beginning on.
    past, future = slice(0, _PAST + 1), slice(_PAST, _SPAN)
    steady = _is_steady(semitones[:, past], db[:, past])
    steady |= _is_steady(semitones[:, future], db[:, future])
    mains = 12.0 * np.log2(_MAINS_HZ)
    off_mains = np.abs(semitones[:, _PAST, None] - mains).min(axis=1) * 100.0
    usual = np.median(aperiodicity[:, _AROUND], axis=1)
    return Described(
        _features(spans, usual),
        steady & (off_mains <= _MAINS_CENTS) | (usual > _NOISY_APERIODICITY),
        db[:, _PAST],
    )


def _is_steady(semitones: NDArray[np.float64], db: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether pitch and level stay in place (n,) over frames (n, frames)."""
    moves = np.ptp(semitones, axis=1) * 100.0
    return np.asarray((moves <= _STEADY_CENTS) & (np.ptp(db, axis=1) <= _STEADY_DB))


def _features(
    spans: NDArray[np.float64], usual_aperiodicity: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the features (n, FEATURES) of spans (n, _COLUMNS, _SPAN)."""
    here = _PAST
    semitones, db = spans[:, 0], spans[:, 2]
    _, own, level, peak, floor = (spans[:, column, here] for column in range(_COLUMNS))
    above_floor = np.clip(level - np.maximum(floor, peak - _DEEPEST_FLOOR_DB), 0.0, 60.0) / 20.0
    # Echo falls steadily; a note that is held or plucked falls slowly, if at all.
    after, before = db[:, here:].mean(axis=1), db[:, _AROUND.start : here + 1].mean(axis=1)
    moves = np.minimum(
        np.abs(semitones[:, here + 3 : here + 6 : 2] - semitones[:, here, None]), 1.0
    )
    columns = [
        np.sqrt(np.minimum(own, 1.0)),
        np.sqrt(np.minimum(usual_aperiodicity, 1.0)),
        np.clip(level - peak, -60.0, 0.0) / 20.0,
        np.minimum(above_floor, 0.7),
        np.clip(level - db[:, here:].max(axis=1), -40.0, 0.0) / 20.0,
        np.clip((after - before) / 5.0, -2.0, 2.0),
        moves.sum(axis=1),
    ]
    return np.stack(columns, axis=1).astype(np.float64)
