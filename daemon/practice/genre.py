"""Name the genre of the music that was heard, from the model's output for each patch."""

from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.logits import sigmoid

LAST_SECONDS = 60.0
"""Length of the music that the genre covers while somebody plays."""
LEAST_EVIDENCE = 0.02
"""Mean sum of all genres' scores below which the genre is unknown.

19 of 20 windows of speech and noise of the corpus' training split are below it."""
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

    def __init__(self, genres: Sequence[str]) -> None:
        self._genres = genres
        self._heard: deque[tuple[float, NDArray[np.float32]]] = deque()

    def add(self, at_seconds: float, logits: Iterable[NDArray[np.float32]]) -> None:
        """Add the outputs (genres,) of the patches that were heard up to a time, in order."""
        self._heard.extend((at_seconds, values) for values in logits)
        while self._heard and self._heard[0][0] <= at_seconds - LAST_SECONDS:
            self._heard.popleft()

    def shares(self) -> dict[str, float] | None:
        """Return the share of each genre as `genre_shares` does."""
        if not self._heard:
            return None
        return genre_shares(np.stack([logits for _, logits in self._heard]), self._genres)
