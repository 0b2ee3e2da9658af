"""Name the genre of the music that was heard."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.log_mel import LogMel
from daemon.practice.genre.genre_contract import MUSIC, GenreContract
from daemon.practice.genre.genre_network import GenreNetwork

LAST_SECONDS = 60.0
"""Length of the music that the genre covers while somebody plays."""
LEAST_SHARE = 0.1
"""Genres with a smaller share are not named."""


def genre_shares(scores: NDArray[np.float32], contract: GenreContract) -> dict[str, float] | None:
    """Return the share of each genre, the largest first, or None if the genre is unknown.

    `scores` are those of each patch, (patches, classes). A genre's share is the sum of the mean
    scores of its classes, relative to that of all genres.
    """
    if not len(scores):
        return None
    means = dict.fromkeys((*contract.genres, MUSIC), 0.0)
    for name, mean in zip(contract.classes, scores.mean(axis=0, dtype=np.float64), strict=True):
        means[name] += float(mean)
    if means.pop(MUSIC) < contract.least_music:
        return None
    total = sum(means.values())
    if not total > 0.0:
        return None
    named = sorted(means.items(), key=lambda item: -item[1])
    shares = {genre: round(mean / total, 2) for genre, mean in named}
    return {genre: share for genre, share in shares.items() if share >= LEAST_SHARE}


class GenreTrace:
    """Runs a genre model on sound; remembers the last `keep_seconds`, or everything if None."""

    def __init__(self, network: GenreNetwork, keep_seconds: float | None = None) -> None:
        contract = network.contract
        self._network = network
        self._log_mel = LogMel(contract.front_end)
        hop_seconds = contract.patch_hop_frames * contract.front_end.hop_seconds
        patches = None if keep_seconds is None else round(keep_seconds / hop_seconds)
        self._scores = deque[NDArray[np.float32]](maxlen=patches)
        self._rest = np.empty(0, np.float32)
        self._frames = np.empty((0, contract.front_end.bands), np.float32)

    def push(self, samples: NDArray[np.float32]) -> None:
        """Hear (n,) further samples at 16 kHz."""
        contract = self._network.contract
        sound = np.concatenate([self._rest, samples])
        fresh = self._log_mel.frames(sound)
        self._rest = sound[len(fresh) * contract.front_end.hop_samples :].copy()
        frames = np.concatenate([self._frames, fresh])
        first = 0
        while first + contract.patch_frames <= len(frames):
            self._scores.append(self._network.scores(frames[first : first + contract.patch_frames]))
            first += contract.patch_hop_frames
        self._frames = frames[first:].copy()

    def shares(self) -> dict[str, float] | None:
        """Return the share of each genre as `genre_shares` does; None for less than a patch."""
        if not self._scores:
            return None
        return genre_shares(np.stack(self._scores), self._network.contract)
