"""Passages that came close to an event."""

from daemon.web.page.live.close_calls import CloseCall, CloseCalls

POINTS = {"flute": 0.5, "guitar": 0.4}


def fed(*windows: tuple[float, float, set[str]]) -> list[CloseCall]:
    """Return the close calls of windows with the scores of flute and guitar, and who plays."""
    calls = CloseCalls()
    found = []
    for number, (flute, guitar, playing) in enumerate(windows):
        found += calls.update(4.0 + number, {"flute": flute, "guitar": guitar}, POINTS, playing)
    return found


def test_successive_windows_are_one_call_with_the_highest_score() -> None:
    found = fed((0.1, 0.0, set()), (0.4, 0.0, set()), (0.6, 0.0, set()), (0.36, 0.0, set()))
    assert found == []
    found = fed((0.4, 0.0, set()), (0.6, 0.0, set()), (0.36, 0.0, set()), (0.1, 0.0, set()))
    assert found == [CloseCall("flute", 4.0, 6.0, 0.6, 0.5)]


def test_family_that_starts_to_play_was_no_close_call() -> None:
    assert fed((0.6, 0.0, set()), (0.7, 0.0, {"flute"}), (0.1, 0.0, set())) == []


def test_each_family_has_its_own_operating_point() -> None:
    found = fed((0.3, 0.3, set()), (0.0, 0.0, set()))
    assert [call.family for call in found] == ["guitar"]


def test_long_passage_is_told_after_a_minute() -> None:
    found = fed(*[(0.45, 0.0, set())] * 90)
    assert [(call.began, call.ended) for call in found] == [(4.0, 64.0)]


def test_lost_sound_ends_a_passage_without_a_call() -> None:
    calls = CloseCalls()
    calls.update(4.0, {"flute": 0.6, "guitar": 0.0}, POINTS, ())
    calls.forget()
    assert calls.update(5.0, {"flute": 0.0, "guitar": 0.0}, POINTS, ()) == []
