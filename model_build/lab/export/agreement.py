"""How far the exported network's scores are from those of `lab predict`."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier
from daemon.hearing.scorer import Scorer
from daemon.sound.window import WindowBuffer
from model_build.lab.features.reading import Chunks
from model_build.lab.models.model import Scores
from model_build.lab.run.predictions import Threshold, predicted_classes

_HOP_SECONDS = 1.0

Samples = NDArray[np.float32]
ScoresOf = Callable[[Samples], Scores]
"""A function from the sound of a recording, (n,) at 16 kHz, to its scores, (classes,)."""


class Agreement(NamedTuple):
    """The comparison of two ways to score the same recordings."""

    recordings: int
    """Number of recordings."""
    same: int
    """How many of them get the same class, or the same classes."""
    mean: float
    """Mean difference of score, 0..1."""
    largest: float
    """Largest difference of score, 0..1."""


def agreement(
    ours: Sequence[Scores],
    others: Sequence[Scores],
    classes: Sequence[str],
    threshold: Threshold,
) -> Agreement:
    """Compare the scores (classes,) of recordings; `threshold` is that of `lab predict`."""
    same = sum(
        predicted_classes(a, classes, threshold) == predicted_classes(b, classes, threshold)
        for a, b in zip(ours, others, strict=True)
    )
    moved = np.abs(np.array(ours) - np.array(others))
    return Agreement(len(ours), same, float(moved.mean()), float(moved.max()))


def chunk_scores(classifier: Classifier, chunks: Chunks) -> Scores:
    """Return the int8 network's scores of a recording: the mean over its chunks, as in the lab."""
    logits = np.stack([classifier.logits(chunk) for chunk in chunks])
    return np.asarray(classifier.calibrated(logits).mean(axis=0), np.float64)


def window_scores(classifier: Classifier, samples: Samples) -> Scores:
    """Return the daemon's scores of a recording: the mean over its windows of 4 s."""
    scorer, buffer = Scorer(classifier, None), WindowBuffer(_HOP_SECONDS)
    scores = [scorer.hear(window).scores for window in buffer.push(samples)]
    scores += [scorer.hear(window).scores for window in buffer.finish()]
    return np.asarray(np.mean(scores, axis=0), np.float64)
