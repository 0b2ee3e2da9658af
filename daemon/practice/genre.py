"""Name the genre of the music that was heard, from the model's output for each patch."""

from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.logits import sigmoid

LAST_SECONDS = 60.0
"""Length of the music that the genre covers while somebody plays."""
LEAST_EVIDENCE = 0.05
"""Mean sum of all genres' scores below which the genre is unknown: speech, noise, single notes."""
LEAST_SHARE = 0.1
"""Genres with a smaller share are not named."""


def genre_shares(logits: NDArray[np.float32], genres: Sequence[str]) -> dict[str, float] | None:
    """Return the share of each genre, the largest first, or None if the genre is unknown.

    `logits` are the model's outputs for the patches, (patches, genres). A genre's share is its mean
    score over the patches, relative to the sum of all genres.
    """
    if not len(logits):
        return None
    scores = sigmoid(np.asarray(logits, np.float32)).mean(axis=0)
    total = float(scores.sum())
    if total < LEAST_EVIDENCE:
        return None
    named = {genres[n]: round(float(scores[n]) / total, 2) for n in np.argsort(-scores)}
    return {genre: share for genre, share in named.items() if share >= LEAST_SHARE}


class RecentGenre:
    """The genre of the last minute of music."""

    def __init__(self, genres: Sequence[str], patches_a_second: float = 2.0) -> None:
        self._genres = genres
        self._logits: deque[NDArray[np.float32]] = deque(
            maxlen=round(LAST_SECONDS * patches_a_second)
        )

    def add(self, logits: Iterable[NDArray[np.float32]]) -> None:
        """Add the outputs (genres,) of further patches, in order."""
        self._logits.extend(logits)

    def forget(self) -> None:
        """Start over with other music."""
        self._logits.clear()

    def shares(self) -> dict[str, float] | None:
        """Return the share of each genre as `genre_shares` does."""
        if not self._logits:
            return None
        return genre_shares(np.stack(self._logits), self._genres)
