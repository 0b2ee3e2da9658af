"""One window in, its level and its scores out: gate, front end and classifier of one source."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier, PatchPool
from daemon.hearing.log_mel import LogMelStream
from daemon.sound.window import WINDOW_SAMPLES, Window

FLOOR_DBFS = -120.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What one window gave: the time of its end, its level, a score in 0..1 per family."""

    ended_at: float
    level_dbfs: float
    scores: NDArray[np.float32]


def level_dbfs(samples: NDArray[np.float32]) -> float:
    """RMS level of samples (n,) against a full-scale square wave, no lower than -120 dBFS."""
    with np.errstate(over="ignore"):
        power = float(np.dot(samples, samples)) / max(1, len(samples))
    if power == float("inf"):
        power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(FLOOR_DBFS, 10.0 * float(np.log10(power))) if power > 0.0 else FLOOR_DBFS


class Scorer:
    """Hears the windows of one source; several may share one classifier on one thread.

    Below `gate_dbfs` a window counts as silent: every score is 0 and the network rests.
    """

    def __init__(self, classifier: Classifier, gate_dbfs: float | None) -> None:
        self.gate_dbfs = gate_dbfs
        self._frames = LogMelStream(classifier.contract.front_end, WINDOW_SAMPLES)
        self._pool = PatchPool(classifier)
        self._silence = np.zeros(len(classifier.contract.families), np.float32)

    def forget(self) -> None:
        """What comes next is other sound, its samples counted from 0 again."""
        self._frames.forget()
        self._pool.forget()

    def hear(self, window: Window) -> Heard:
        """Score one window."""
        level = level_dbfs(window.samples)
        if self.gate_dbfs is not None and level < self.gate_dbfs:
            return Heard(window.ended_at, level, self._silence)
        frames = self._frames.update(window.samples, window.start_sample)
        scores = self._pool.scores(frames, window.start_sample)
        return Heard(window.ended_at, level, scores)
