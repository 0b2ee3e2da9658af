"""Score the windows of one source: level, gate, front end and classifier."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier, PatchPool
from daemon.hearing.log_mel import LogMelStream
from daemon.sound.window import WINDOW_SAMPLES, Window

FLOOR_DBFS = -120.0


@dataclass(frozen=True, slots=True)
class Heard:
    """Level and scores of one window."""

    ended_at: float
    """Seconds of sound from the start of the source to the end of the window."""
    level_dbfs: float
    """RMS level against a full-scale square wave, at least -120 dBFS."""
    scores: NDArray[np.float32]
    """A score in 0..1 per family, (families,); all 0 below the gate."""


def level_dbfs(samples: NDArray[np.float32]) -> float:
    """Return the RMS level of samples (n,) against a full-scale square wave, at least -120 dBFS."""
    with np.errstate(over="ignore"):
        power = float(np.dot(samples, samples)) / max(1, len(samples))
    if power == float("inf"):
        power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(FLOOR_DBFS, 10.0 * float(np.log10(power))) if power > 0.0 else FLOOR_DBFS


class Scorer:
    """Scores the windows of one source. Several scorers on one thread may share a classifier.

    A window below `gate_dbfs` counts as silent: all its scores are 0 and the network is not run.
    """

    def __init__(self, classifier: Classifier, gate_dbfs: float | None) -> None:
        self.gate_dbfs = gate_dbfs
        self._frames = LogMelStream(classifier.contract.front_end, WINDOW_SAMPLES)
        self._pool = PatchPool(classifier)
        self._silence = np.zeros(len(classifier.contract.families), np.float32)

    def forget(self) -> None:
        """Start over with new sound, whose samples are counted from 0 again."""
        self._frames.forget()
        self._pool.forget()

    def hear(self, window: Window) -> Heard:
        """Return the level and the scores of a window."""
        level = level_dbfs(window.samples)
        if self.gate_dbfs is not None and level < self.gate_dbfs:
            return Heard(window.ended_at, level, self._silence)
        frames = self._frames.update(window.samples, window.start_sample)
        scores = self._pool.scores(frames, window.start_sample)
        return Heard(window.ended_at, level, scores)
