"""The loop with real parts: every window is heard, tracked and told, in this order."""

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

EAGER = Rules(1e-6, 5e-7, 1, 5.0, 0.0, 2.0, 0.0)


class Notebook:
    """A teller that writes everything down."""

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
def notebook(order: list[str]) -> Notebook:
    return Notebook(order, "notebook")


@pytest.fixture
def tracker() -> Tracker:
    """Whatever is louder than the gate is an event of every family."""
    return Tracker(FAMILIES, [EAGER] * 3, 1.0)


def test_every_window_is_told_to_everyone_in_order(
    classifier: Classifier, tracker: Tracker, notebook: Notebook, order: list[str], noise: Samples
) -> None:
    other = Notebook(order, "other")
    windows = WindowBuffer(1.0).push(noise[: 6 * 16_000])
    listen(windows, Scorer(classifier, None), tracker, [notebook, other])
    assert order == ["notebook 4", "other 4", "notebook 5", "other 5", "notebook 6", "other 6"]
    sound = without_dc(noise)
    for number, heard in enumerate(notebook.heard):
        start = 16_000 * number
        expected = Scorer(classifier, None).hear(Window(sound[start : start + 64_000], start))
        assert heard.scores.tobytes() == expected.scores.tobytes()
        assert heard.level_dbfs == expected.level_dbfs


def test_what_plays_is_told_after_the_windows_own_events(
    classifier: Classifier, tracker: Tracker, notebook: Notebook, noise: Samples
) -> None:
    sound = np.concatenate([noise[96_000:160_000], np.zeros(128_000, np.float32)])
    listen(WindowBuffer(1.0).push(sound), Scorer(classifier, -60.0), tracker, [notebook])
    every = list(FAMILIES)
    # Silent from the window at 8 s on, where 2 s have to pass without a detection.
    assert notebook.playing == [every] * 5 + [[]] * 4
    kinds = [(type(event), event.at) for event in notebook.events]
    assert kinds == [(EventStarted, 4.0)] * 3 + [(EventEnded, 9.0)] * 3
    assert [event.family for event in notebook.events] == every * 2


def test_nothing_to_hear_is_nothing_to_tell(
    classifier: Classifier, tracker: Tracker, notebook: Notebook
) -> None:
    listen([], Scorer(classifier, None), tracker, [notebook])
    assert notebook.heard == []


def test_a_lost_source_is_not_swallowed(
    classifier: Classifier, tracker: Tracker, notebook: Notebook, noise: Samples
) -> None:
    def windows() -> Iterator[Window]:
        yield Window(noise[:64_000], 0)
        raise SoundLostError("unplugged")

    with pytest.raises(SoundLostError, match="unplugged"):
        listen(windows(), Scorer(classifier, None), tracker, [notebook])
    assert len(notebook.heard) == 1
