"""Silence computed from time stamps, without files."""

import pytest

from daemon.sound.decoding.timeline import MOST_SILENCE_SECONDS, Timeline

FRAME_SECONDS = 0.02


def silences(timeline: Timeline, *starts: float | None, is_damaged: bool = False) -> list[float]:
    """Return the silence before each frame of 20 ms with the given time stamps."""
    found = []
    for start in starts:
        found.append(timeline.silence_before(start, is_damaged=is_damaged))
        timeline.add(start, FRAME_SECONDS)
    return [round(seconds, 6) for seconds in found]


def run(start: float, frames: int, step_seconds: float = FRAME_SECONDS) -> list[float]:
    return [start + index * step_seconds for index in range(frames)]


def test_consecutive_frames_need_no_silence() -> None:
    assert not any(silences(Timeline(1.4), *run(1.4, 1_000)))


def test_fills_a_gap_once() -> None:
    timeline = Timeline(0.0)
    assert silences(timeline, *run(0.0, 50), *run(11.0, 2)) == [0.0] * 50 + [10.0, 0.0]
    assert timeline.missing_seconds == pytest.approx(10.0)


def test_fills_a_late_start() -> None:
    assert silences(Timeline(1.4), *run(6.4, 2)) == [5.0, 0.0]


def test_sound_begins_at_once_if_the_start_is_unknown() -> None:
    assert silences(Timeline(None), *run(6.4, 2)) == [0.0, 0.0]


def test_frames_dropped_by_the_decoder_at_the_start_are_no_gap() -> None:
    timeline = Timeline(0.0)
    assert silences(timeline, *run(0.128, 2), *run(1.168, 1)) == [0.0, 0.0, 1.0]


def test_rounded_stamps_and_a_drifting_clock_need_no_silence() -> None:
    starts = [round(start, 3) for start in run(0.0, 10_000, 1.002 * FRAME_SECONDS)]
    assert not any(silences(Timeline(0.0), *starts))


def test_single_lost_frames_add_up() -> None:
    starts = [start for index, start in enumerate(run(0.0, 1_000)) if index % 10]
    timeline = Timeline(0.0)
    total = sum(silences(timeline, *starts))
    assert total == pytest.approx(100 * FRAME_SECONDS, abs=0.11)


def test_fills_a_single_frame_after_damage() -> None:
    timeline = Timeline(0.0)
    assert not any(silences(timeline, *run(0.0, 50)))
    assert silences(timeline, 1.02, is_damaged=True) == [0.02]
    assert timeline.damaged_seconds == pytest.approx(0.02)
    assert timeline.missing_seconds == 0.0


def test_frames_without_stamps_are_consecutive() -> None:
    assert silences(Timeline(0.0), 0.0, None, None, 0.06, None, 2.0) == [0, 0, 0, 0, 0, 1.9]


def test_restarted_time_stamps_continue_from_there() -> None:
    joined = [*run(0.0, 100), *run(0.0, 50), *run(3.0, 1)]
    assert silences(Timeline(0.0), *joined) == [0.0] * 150 + [2.0]


def test_leaves_out_too_much_silence_but_fills_later_gaps() -> None:
    timeline = Timeline(0.0)
    late = 2 * MOST_SILENCE_SECONDS
    starts = [*run(0.0, 10), *run(late, 10), *run(late + 5.2, 1)]
    assert silences(timeline, *starts) == [0.0] * 20 + [5.0]
    assert timeline.left_out_seconds == pytest.approx(late - 0.2)


def test_fills_lost_seconds_without_stamps() -> None:
    timeline = Timeline(None)
    assert timeline.silence_before(None, lost_seconds=0.5, is_damaged=True) == 0.5
    assert timeline.damaged_seconds == 0.5
