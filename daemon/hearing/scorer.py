"""Score the windows of one source: level, gate, front end and classifier."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier, PatchPool
from daemon.hearing.log_mel import LogMelStream
from daemon.hearing.patch_grid import PatchGrid, PatchLogits
from daemon.hearing.patches import is_filled
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
    patches: tuple[PatchLogits, ...] = ()
    """The patches that became due with the window, in order."""


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
        contract = classifier.contract
        self._classifier = classifier
        self._contract = contract
        self._frames = LogMelStream(contract.front_end, WINDOW_SAMPLES, contract.patch_frames)
        self._pool = PatchPool(classifier)
        self._grid = PatchGrid(contract)
        self._hop = contract.front_end.hop_samples
        self._silence = np.zeros(len(contract.families), np.float32)
        self._no_evidence = np.full(len(contract.families), -np.inf, np.float32)
        self._silent_until = -1

    def forget(self) -> None:
        """Start over with new sound, whose samples are counted from 0 again."""
        self._frames.forget()
        self._pool.forget()
        self._grid.forget()
        self._silent_until = -1

    def hear(self, window: Window) -> Heard:
        """Return the level and the scores of a window."""
        level = level_dbfs(window.samples)
        if self.gate_dbfs is not None and level < self.gate_dbfs:
            self._silent_until = window.start_sample + len(window.samples)
            return Heard(window.ended_at, level, self._silence, self._silent(window.start_sample))
        frames = self._frames.update(window.samples, window.start_sample)
        scores = self._pool.scores(frames, window.start_sample)
        due = self._patches(window.start_sample)
        return Heard(window.ended_at, level, scores, due)

    def _patches(self, start_sample: int) -> tuple[PatchLogits, ...]:
        """Return the due patches of a window; one that begins in a silent window is silent."""
        frames, known = self._frames.recent(), self._frames.frames_before
        continues_silence = start_sample <= self._silent_until
        before = self._frames.history_frames if continues_silence else known
        found = []
        for first in self._grid.take(start_sample, self._frames.window_frames, before):
            logits = self._no_evidence
            if known + first >= 0 and self._may_speak(frames, known + first):
                at = start_sample + first * self._hop
                raw = self._pool.logits(frames, known + first, at)
                logits = self._classifier.calibrated_logits(raw)
            found.append(PatchLogits(*self._grid.seconds(start_sample, first), logits))
        return tuple(found)

    def _may_speak(self, frames: NDArray[np.float32], first: int) -> bool:
        """Return whether a patch can be evidence: one of a short sound cannot, for classes."""
        contract = self._contract
        return not contract.has_classes or is_filled(frames, first, contract.patch_frames)

    def _silent(self, start_sample: int) -> tuple[PatchLogits, ...]:
        """Return the due patches of a window below the gate."""
        frames = self._frames.window_frames
        return tuple(
            PatchLogits(*self._grid.seconds(start_sample, first), self._no_evidence)
            for first in self._grid.take(start_sample, frames, self._frames.history_frames)
        )
