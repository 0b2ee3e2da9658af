"""Find the patches that evidence is gathered from: one every half second, whatever the hop."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.model_file import Contract

GRID_SECONDS = 0.5


class PatchLogits(NamedTuple):
    """The calibrated logits of one patch."""

    start_seconds: float
    """When its sound begins, in seconds of sound."""
    end_seconds: float
    """When its sound ends."""
    logits: NDArray[np.float32]
    """Calibrated logits (families,); -inf in a window below the gate."""


class PatchGrid:
    """The patches of one source; each is due once, with the first window that contains its end.

    The patches of the window's score are among them if the hop and the intervals between the
    contract's `patch_starts` are multiples of `GRID_SECONDS`.
    """

    def __init__(self, contract: Contract) -> None:
        front_end = contract.front_end
        self._hop = front_end.hop_samples
        self._rate_hz = front_end.sample_rate_hz
        self._step = round(GRID_SECONDS * self._rate_hz)
        self._phase = contract.patch_starts[0] * self._hop % self._step
        self._frames = contract.patch_frames
        self._samples = front_end.samples_under(self._frames)
        self._next = 0

    def forget(self) -> None:
        """Start over with new sound, whose samples are counted from 0 again."""
        self._next = 0

    def take(self, start_sample: int, window_frames: int, frames_before: int = 0) -> list[int]:
        """Return the first frame of each patch that is due, counted from the window's first frame.

        The window begins at `start_sample`; patches that begin more than `frames_before` frames
        before it are skipped. Frames before the window have negative numbers.
        """
        due: list[int] = []
        oldest = start_sample - frames_before * self._hop
        self._next = max(self._next, -(-(oldest - self._phase) // self._step))
        while True:
            first = -(-(self._next * self._step + self._phase - start_sample) // self._hop)
            if first + self._frames > window_frames:
                return due
            due.append(first)
            self._next += 1

    def seconds(self, start_sample: int, first: int) -> tuple[float, float]:
        """Return when the patch at frame `first` of a window begins and ends, in seconds."""
        start = start_sample + first * self._hop
        return start / self._rate_hz, (start + self._samples) / self._rate_hz


def first_patch_seconds(contract: Contract) -> float:
    """Return where the first patch of the grid begins, in seconds of sound."""
    return contract.patch_starts[0] * contract.front_end.hop_seconds % GRID_SECONDS


def patch_seconds(contract: Contract) -> float:
    """Return the length of the sound of a patch in seconds."""
    front_end = contract.front_end
    return front_end.samples_under(contract.patch_frames) / front_end.sample_rate_hz
