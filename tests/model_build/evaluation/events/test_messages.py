import pytest

from daemon.hearing.tracker import EventStarted
from model_build.evaluation.events.messages import delays_of, message_delay, message_delays
from model_build.evaluation.events.replayed import Replayed
from model_build.windows.home_day import Passage

FLUTE = Passage("music", ("flute",), 10.0, 30.0)
HARP = Passage("music", ("guitar", "string"), 100.0, 120.0)


def started(family: str, at: float) -> EventStarted:
    return EventStarted(family, at - 3.0, at, 0.9)


def recording(*starts: EventStarted) -> Replayed:
    return Replayed(200.0, [FLUTE, Passage("speech", (), 50.0, 60.0), HARP], [], list(starts))


def test_delay_is_that_of_the_first_accepted_family() -> None:
    found = recording(started("reed", 11.0), started("flute", 13.5), started("flute", 20.0))
    assert message_delay(FLUTE, found) == 3.5
    assert message_delay(HARP, recording(started("string", 104.0), started("guitar", 102.0))) == 2.0


@pytest.mark.parametrize("at", [9.0, 10.0, 30.5])
def test_message_outside_the_passage_does_not_count(at: float) -> None:
    assert message_delay(FLUTE, recording(started("flute", at))) is None


def test_passages_without_message_are_left_out() -> None:
    found = message_delays([recording(started("flute", 14.0)), recording(started("guitar", 102.0))])
    assert (found.messages, found.median_seconds) == (2, 3.0)
    assert found.slow_seconds == pytest.approx(3.8)


def test_no_messages_give_no_delay() -> None:
    assert message_delays([recording()]) == (0, None, None)
    assert delays_of([2.0]) == (1, 2.0, 2.0)
