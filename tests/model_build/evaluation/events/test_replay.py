import numpy as np
import pytest

from daemon.hearing.classifier import Classifier, load_classifier
from daemon.hearing.tracker import EventEnded, EventStarted
from daemon.sound.sound_file import read_sound
from model_build.evaluation.events.replay import events_in
from tests.conftest import MEDLEY


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


def test_finds_drums_in_medley(classifier: Classifier) -> None:
    events = [e for e in events_in(read_sound(str(MEDLEY)), classifier) if e.family == "drums"]
    started = [event for event in events if isinstance(event, EventStarted)]
    drums = [event for event in events if isinstance(event, EventEnded)]
    assert len(started) == len(drums) == 1
    assert started[0].onset == drums[0].onset
    assert started[0].at < 57.3  # while they are still playing
    assert 47.0 < drums[0].onset < 51.0
    assert 55.0 < drums[0].ended_at < 60.0


def test_finds_no_events_in_silence(classifier: Classifier) -> None:
    assert events_in(np.zeros(20 * 16_000, np.float32), classifier) == []
