from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.classifier import Classifier, load_classifier
from daemon.sound.sound_file import read_sound
from model_build.corpus.clips import read_corpus
from model_build.evaluation.event_replay import alarms, events_in
from tests.conftest import MEDLEY

FAMILIES = ("drums", "flute", "organ")


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


def test_the_events_are_those_of_the_daemon(classifier: Classifier) -> None:
    events = events_in(read_sound(str(MEDLEY)), classifier)
    drums = [event for event in events if event.family == "drums"]
    assert len(drums) == 1
    assert 47.0 < drums[0].onset < 51.0
    assert 55.0 < drums[0].ended_at < 60.0


def test_silence_has_no_events(classifier: Classifier) -> None:
    assert events_in(np.zeros(20 * 16_000, np.float32), classifier) == []


def test_alarms_are_counted_by_sort_over_all_places(classifier: Classifier, corpus: Path) -> None:
    dry = np.ones(1, np.float32)
    every = read_corpus(corpus, FAMILIES)
    found = alarms(every, "dev", classifier, [(dry, -30.0), (dry, -40.0)])
    assert set(found.events) == {"noise", "speech"}
    # One clip of 4 s a sort, in two places.
    assert found.minutes == pytest.approx(4 * 4 / 60, abs=0.01)
    assert found.interval[0] <= found.count <= found.interval[1]
