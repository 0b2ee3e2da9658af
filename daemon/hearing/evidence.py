"""Evidence that a family plays, summed patch by patch.

A one-sided cumulative sum for each family: Page, "Continuous inspection schemes" (1954). It rises
with every patch that speaks for the family, falls with every other one, and is never negative. At
the same rate of false alarms it reaches a level sooner than a count of windows does.
"""

import math

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.patch_grid import GRID_SECONDS, PatchLogits

# All constants were fitted on train clips that were kept from training, played in rooms.
# The share of the sum that is left one patch later: a third of it is left after ten seconds.
_MEMORY = 0.95
# The weight of a patch: about the seconds from one patch to the next.
_GAIN = 0.48
# How far above its threshold a patch must be, in logits, to speak for a family.
_MARGIN = 0.2
# The most that one patch counts against or for a family, in logits beyond the margin: no single
# patch starts an event, and a short pause does not undo a phrase.
_LEAST, _MOST = -2.5, 1.5
# Silence of this many patches leaves no evidence, however much there was.
_FORGOTTEN_AFTER = 10


class Evidence:
    """The sums of all families of one source; arrays are (families,)."""

    def __init__(self, threshold_logits: NDArray[np.float64]) -> None:
        self.threshold_logits = threshold_logits
        """The logit of each family's threshold; may be replaced."""
        self.sums = np.zeros(len(threshold_logits))
        """Evidence of each family, at least 0."""
        self.onsets = np.zeros(len(threshold_logits))
        """Start of the patch that last raised each sum from 0, in seconds of sound."""
        self.rose = np.zeros(len(threshold_logits), np.bool_)
        """True for the families that the newest patch spoke for."""
        self._totals = np.zeros(len(threshold_logits))
        self._counts = np.zeros(len(threshold_logits))
        self._newest_seconds: float | None = None

    def add(self, patch: PatchLogits) -> None:
        """Count the next patch; patches come in order. NaN counts against a family.

        Patches that are missing, because sound was lost, count as silence.
        """
        if self._newest_seconds is not None:
            missing = round((patch.start_seconds - self._newest_seconds) / GRID_SECONDS) - 1
            for _ in range(min(missing, _FORGOTTEN_AFTER)):
                self.sums = np.maximum(0.0, _MEMORY * self.sums + _GAIN * _LEAST)
        self._newest_seconds = patch.start_seconds
        beyond = patch.logits - self.threshold_logits - _MARGIN
        counted = np.fmin(np.fmax(beyond, _LEAST), _MOST)
        begins = self.sums == 0.0
        self.rose = counted > 0.0
        self.sums = np.maximum(0.0, _MEMORY * self.sums + _GAIN * counted)
        self.onsets[begins] = patch.start_seconds
        self._totals = np.where(begins, 0.0, self._totals) + counted
        self._counts = np.where(begins, 0.0, self._counts) + 1.0

    def mean_logit(self, family: int) -> float:
        """Return the mean logit of a family's patches since its onset, each limited as above."""
        mean = self._totals[family] / max(1.0, self._counts[family])
        return float(self.threshold_logits[family] + _MARGIN + mean)

    def forget(self, family: int) -> None:
        """Set a family's sum to 0."""
        self.sums[family] = 0.0


def least_patches(evidence: float) -> int:
    """Return the number of the clearest patches that give `evidence`, below 14.4."""
    limit = _GAIN * _MOST / (1.0 - _MEMORY)
    return math.ceil(math.log(1.0 - evidence / limit, _MEMORY) - 1e-9)
