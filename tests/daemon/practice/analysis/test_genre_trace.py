"""The genre of a recording is that of the patches that a microphone would hear."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.classifier import Classifier
from daemon.hearing.scorer import Scorer
from daemon.practice.analysis.genre_trace import GenreTrace
from daemon.practice.analysis.recording import analyse
from daemon.practice.genre import genre_shares
from daemon.sound.window import WindowBuffer
from tests.daemon.hearing.test_network_tensors import load, two_outputs
from tests.daemon.practice.voices import scale

__all__ = ["load", "two_outputs"]  # fixtures

GENRES = ("blues", "disco", "jazz", "pop", "rock")
SOUND = scale((60, 64, 67, 72), 2.0, 0.0)


@pytest.fixture
def names_genres(two_outputs: Path, load: Callable[..., Classifier]) -> Classifier:
    """A model whose genre logits are twice the mean of its five highest bands."""
    return load(two_outputs, {"families": "f", "genre": "e"}, genres=GENRES)


def test_genre_is_that_of_all_patches_whatever_the_pieces(names_genres: Classifier) -> None:
    scorer = Scorer(names_genres, None)
    scorer.wants_genre = True
    windows = WindowBuffer(1.0).push(SOUND)
    expected = np.concatenate([scorer.hear(window).genres for window in windows])
    assert expected.shape[1] == len(GENRES)
    for length in (len(SOUND), 7_000):
        trace = GenreTrace(names_genres)
        for first in range(0, len(SOUND), length):
            trace.push(SOUND[first : first + length])
        assert trace.finish() == genre_shares(expected, GENRES)


def test_short_sound_is_one_window(names_genres: Classifier) -> None:
    trace = GenreTrace(names_genres)
    trace.push(np.full(16_000, 0.9, np.float32) * np.sin(np.arange(16_000), dtype=np.float32))
    trace.finish()
    assert names_genres.patches_run > 0


def test_a_model_without_genres_is_not_run(classifier: Classifier) -> None:
    before = classifier.patches_run
    assert analyse([SOUND], None, 440.0, classifier).genre is None
    assert classifier.patches_run == before
