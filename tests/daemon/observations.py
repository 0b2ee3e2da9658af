"""Build observations and scores for tests."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier
from daemon.hearing.logits import logit
from daemon.hearing.patch_grid import GRID_SECONDS, PatchLogits
from daemon.hearing.pipeline import Observation
from daemon.hearing.replay import Replay
from daemon.hearing.scorer import Heard, Scorer
from daemon.hearing.tracker import Event, EventStarted
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES, WINDOW_SECONDS, Window

# Of the models in the tests: the start of the first patch, and the length of a patch.
FIRST_PATCH_SECONDS, PATCH_SECONDS = 0.02, 0.975
SILENCE = np.zeros(WINDOW_SAMPLES, np.float32)


def observed(heard: Heard, playing: Sequence[EventStarted], events: Sequence[Event]) -> Observation:
    """An observation with the samples of a silent window that ends at `heard.ended_at`."""
    start_sample = round(heard.ended_at * SAMPLE_RATE_HZ) - WINDOW_SAMPLES
    return Observation(Window(SILENCE, start_sample), heard, playing, events)


def score_file(path: str, classifier: Classifier, hop_seconds: float) -> Iterator[Heard]:
    """Yield the level and scores of each window of a file, without a gate."""
    scorer = Scorer(classifier, gate_dbfs=None)
    for window in Replay(path, hop_seconds).windows():
        yield scorer.hear(window)


def due_patches(
    ended_at: float,
    scores: Sequence[float] | NDArray[np.float32],
    hop_seconds: float = 1.0,
    *,
    first: bool = False,
) -> tuple[PatchLogits, ...]:
    """The patches of a window that are due with it, all with the same scores (families,).

    They end within the newest hop of the window, or anywhere in it if it is the `first`.
    """
    begin = ended_at - (WINDOW_SECONDS if first else hop_seconds)
    logits = np.array([logit(float(score)) for score in scores], np.float32)
    starts = np.arange(math.ceil((begin - PATCH_SECONDS) / GRID_SECONDS) - 1, 2 * ended_at)
    every = [FIRST_PATCH_SECONDS + GRID_SECONDS * k for k in starts.tolist() if k >= 0]
    return tuple(
        PatchLogits(start, start + PATCH_SECONDS, logits)
        for start in every
        if begin < start + PATCH_SECONDS <= ended_at
    )
