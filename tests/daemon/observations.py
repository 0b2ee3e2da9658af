"""Build observations and scores for tests."""

from collections.abc import Iterator, Sequence

import numpy as np

from daemon.hearing.classifier import Classifier
from daemon.hearing.pipeline import Observation
from daemon.hearing.replay import Replay
from daemon.hearing.scorer import Heard, Scorer
from daemon.hearing.tracker import Event, EventStarted
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES, Window

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
