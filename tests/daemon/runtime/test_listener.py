"""The pipeline with real parts: every window is scored, tracked and observed, in this order."""

from collections.abc import Iterator

import numpy as np
import pytest

from daemon.errors import SoundLostError
from daemon.hearing.classifier import Classifier
from daemon.hearing.pipeline import Observation, listen
from daemon.hearing.rules import Rules
from daemon.hearing.scorer import Heard, Scorer
from daemon.hearing.tracker import Event, EventEnded, EventStarted, Tracker
from daemon.sound.window import Window, WindowBuffer
from tests.daemon.conftest import FAMILIES, Samples, without_dc

EAGER = Rules(1e-6, 5e-7, "quick", 0.0, 2.0, 0.0)


class Recorder:
    """An observer that records everything."""

    def __init__(self, order: list[str], name: str) -> None:
        self.heard: list[Heard] = []
        self.playing: list[list[str]] = []
        self.events: list[Event] = []
        self._order, self._name = order, name

    def observe(self, observation: Observation) -> None:
        heard = observation.heard
        self._order.append(f"{self._name} {heard.ended_at:g}")
        self.heard.append(heard)
        self.playing.append([event.family for event in observation.playing])
        self.events += observation.events


@pytest.fixture
def order() -> list[str]:
    return []


@pytest.fixture
def recorder(order: list[str]) -> Recorder:
    return Recorder(order, "recorder")


@pytest.fixture
def tracker() -> Tracker:
    """A tracker that detects every family in every window above the gate."""
    return Tracker(FAMILIES, [EAGER] * 3, 1.0)


def test_observers_get_every_window_in_order(
    classifier: Classifier, tracker: Tracker, recorder: Recorder, order: list[str], noise: Samples
) -> None:
    other = Recorder(order, "other")
    windows = WindowBuffer(1.0).push(noise[: 6 * 16_000])
    listen(windows, Scorer(classifier, None), tracker, [recorder, other])
    assert order == ["recorder 4", "other 4", "recorder 5", "other 5", "recorder 6", "other 6"]
    sound = without_dc(noise)
    for number, heard in enumerate(recorder.heard):
        start = 16_000 * number
        expected = Scorer(classifier, None).hear(Window(sound[start : start + 64_000], start))
        assert heard.scores.tobytes() == expected.scores.tobytes()
        assert heard.level_dbfs == expected.level_dbfs


def test_playing_includes_the_windows_own_events(
    classifier: Classifier, tracker: Tracker, recorder: Recorder, noise: Samples
) -> None:
    sound = np.concatenate([noise[96_000:160_000], np.zeros(128_000, np.float32)])
    listen(WindowBuffer(1.0).push(sound), Scorer(classifier, -60.0), tracker, [recorder])
    every = list(FAMILIES)
    # Windows from the one at 8 s on are silent; events end after 2 s without a detection.
    assert recorder.playing == [every] * 5 + [[]] * 4
    kinds = [(type(event), event.at) for event in recorder.events]
    assert kinds == [(EventStarted, 4.0)] * 3 + [(EventEnded, 9.0)] * 3
    assert [event.family for event in recorder.events] == every * 2


def test_no_window_means_no_observation(
    classifier: Classifier, tracker: Tracker, recorder: Recorder
) -> None:
    listen([], Scorer(classifier, None), tracker, [recorder])
    assert recorder.heard == []


def test_raises_the_error_of_a_lost_source(
    classifier: Classifier, tracker: Tracker, recorder: Recorder, noise: Samples
) -> None:
    def windows() -> Iterator[Window]:
        yield Window(noise[:64_000], 0)
        raise SoundLostError("unplugged")

    with pytest.raises(SoundLostError, match="unplugged"):
        listen(windows(), Scorer(classifier, None), tracker, [recorder])
    assert len(recorder.heard) == 1
