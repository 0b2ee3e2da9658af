"""The genre of a whole recording, from the family model's output for each patch."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier
from daemon.hearing.scorer import Scorer
from daemon.practice.genre import genre_shares
from daemon.sound.window import Window, WindowBuffer

# Its patches are those of a microphone: two a second.
_HOP_SECONDS = 1.0


class GenreTrace:
    """Runs the family model on sound with its DC offset; the model may name no genres."""

    def __init__(self, classifier: Classifier) -> None:
        self._genres = classifier.contract.genres or ()
        self._scorer = Scorer(classifier, gate_dbfs=None)
        self._scorer.wants_genre = True
        self._windows = WindowBuffer(_HOP_SECONDS)
        self._logits: list[NDArray[np.float32]] = []

    def push(self, samples: NDArray[np.float32]) -> None:
        """Hear (n,) further samples at 16 kHz."""
        if self._genres:
            self._hear(self._windows.push(samples))

    def finish(self) -> dict[str, float] | None:
        """Return the share of each genre as `genre_shares` does; the sound has ended."""
        self._hear(self._windows.finish())
        return genre_shares(np.array(self._logits, np.float32), self._genres)

    def _hear(self, windows: Iterable[Window]) -> None:
        for window in windows:
            self._logits += self._scorer.hear(window).genres
