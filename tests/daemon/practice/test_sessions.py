"""Seconds played and sessions of scripted days."""

from datetime import date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.hearing.tracker import Event, EventEnded, EventStarted
from daemon.practice.history.records import DayRecord
from daemon.practice.sessions import Diary, Session, Sessions
from daemon.practice.summary import Figures

STOP_AFTER = 6.0
SETTLE = 11.0


pytestmark = pytest.mark.usefixtures("berlin")


def local(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class Room:
    """A place where families play at known times, with one window per second."""

    def __init__(
        self, began: str = "2024-06-01T18:00:00", diary: Diary | None = None, **more: Any
    ) -> None:
        self.sessions = Sessions(
            settle_seconds=SETTLE,
            gap_seconds=300,
            least_seconds=60,
            diary=diary or Diary(),
            **more,
        )
        self.wall_began = local(began)
        self.at = 0.0
        self.published_seconds: list[float] = []
        self.sessions.begin(self.wall_began)

    def play(self, seconds: float, *families: str) -> "Room":
        """Play the families for `seconds`, then stay silent until the tracker ends their events."""
        onset = self.at
        for family in families:
            self.update(EventStarted(family, onset, onset + 4, 0.9))
        while self.at < onset + seconds + STOP_AFTER:
            self.at += 1.0
            self.update()
        until = onset + seconds
        for family in families:
            self.update(EventEnded(family, onset, self.at, 0.1, until, 0.9))
        return self

    def stay_silent(self, seconds: float) -> "Room":
        for _ in range(int(seconds)):
            self.at += 1.0
            self.update()
        return self

    def update(self, *events: Event) -> None:
        self.sessions.update(self.at, self.wall_began + self.at, events)
        self.published_seconds.append(self.sessions.seconds)

    @property
    def diary(self) -> Diary:
        return self.sessions.diary


def test_counts_playing_to_the_second() -> None:
    diary = Room().play(90, "guitar").stay_silent(30).play(30.5, "flute").diary
    assert diary.day == "2024-06-01"
    assert diary.seconds == pytest.approx(120.5)
    assert diary.families == {"guitar": pytest.approx(90), "flute": pytest.approx(30.5)}


def test_simultaneous_families_count_once_in_the_total() -> None:
    diary = Room().play(60, "guitar", "vocal").diary
    assert diary.seconds == pytest.approx(60)
    assert diary.families == {"guitar": pytest.approx(60), "vocal": pytest.approx(60)}


def test_seconds_grow_while_playing_and_never_decrease() -> None:
    room = Room()
    room.play(200, "guitar")
    assert room.published_seconds == sorted(room.published_seconds)
    half_way = room.published_seconds[100]
    assert half_way == pytest.approx(100 - SETTLE, abs=2)


def test_longer_settle_time_delays_seconds_without_decreasing_them() -> None:
    room = Room()
    room.update(EventStarted("guitar", 0.0, 4.0, 0.9))
    room.stay_silent(60)
    room.sessions.settle_seconds = 600.0
    room.stay_silent(300)
    room.update(EventEnded("guitar", 0.0, room.at, 0.1, 90.0, 0.9))
    assert room.published_seconds == sorted(room.published_seconds)
    assert room.published_seconds[-2] == pytest.approx(60 - SETTLE)
    assert room.published_seconds[-1] == pytest.approx(90)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 90)), max_size=12))
def test_total_equals_the_sum_of_the_events_and_never_decreases(
    parts: list[tuple[int, int]],
) -> None:
    room = Room()
    for pause, seconds in parts:
        room.stay_silent(pause).play(seconds, "guitar")
    assert room.diary.seconds == pytest.approx(sum(seconds for _, seconds in parts))
    assert room.published_seconds == sorted(room.published_seconds)


def test_new_day_starts_at_zero() -> None:
    room = Room("2024-06-01T23:58:00")
    room.play(60, "guitar").stay_silent(70)
    assert room.diary == msgspec.structs.replace(
        room.diary, day="2024-06-02", seconds=0.0, families={}
    )


def test_playing_across_midnight_counts_only_its_part_of_the_new_day() -> None:
    room = Room("2024-06-01T23:59:00").play(100, "guitar")
    assert room.diary.day == "2024-06-02"
    assert room.diary.seconds == pytest.approx(40)
    assert room.diary.families == {"guitar": pytest.approx(40)}


def test_finished_day_contains_all_playing_before_midnight() -> None:
    room = Room("2024-06-01T23:59:00").play(100, "guitar")
    finished = room.sessions.take_finished()
    assert finished is not None
    assert finished.day == "2024-06-01"
    assert finished.seconds == pytest.approx(60)
    assert finished.families == {"guitar": pytest.approx(60)}
    assert room.sessions.take_finished() is None


def test_playing_that_stops_before_midnight_is_not_extended_to_midnight() -> None:
    room = Room("2024-06-01T23:59:00").play(57, "guitar").stay_silent(5)
    finished = room.sessions.take_finished()
    assert finished is not None
    assert finished.seconds == pytest.approx(57)
    assert room.diary.seconds == 0.0


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(1, 40), st.sampled_from(["guitar", "vocal"])),
        min_size=1,
        max_size=8,
    )
)
def test_playing_is_split_between_the_days_at_midnight(
    parts: list[tuple[int, int, str]],
) -> None:
    room, before = Room("2024-06-01T23:58:30"), 0.0
    for pause, seconds, family in parts:
        room.stay_silent(pause)
        before += min(seconds, max(0.0, 90.0 - room.at))
        room.play(seconds, family)
    room.stay_silent(200)
    finished = room.sessions.take_finished()
    assert finished is not None
    assert finished.seconds == pytest.approx(before)
    assert room.diary.seconds == pytest.approx(sum(seconds for _, seconds, _ in parts) - before)
    assert sum(finished.families.values()) == pytest.approx(before)


def test_day_changes_within_a_minute_however_long_the_settle_time_is() -> None:
    room = Room("2024-06-01T23:59:00")
    room.sessions.settle_seconds = 3600.0
    room.update(EventStarted("guitar", 0.0, 4.0, 0.9))
    room.stay_silent(119)
    assert room.diary.day == "2024-06-01"
    assert room.stay_silent(2).diary.day == "2024-06-02"


@pytest.mark.parametrize("day", ["2024-03-31", "2024-10-27"])
def test_daylight_saving_change_adds_no_seconds(day: str) -> None:
    room = Room(f"{day}T01:59:00+01:00" if "03" in day else f"{day}T02:59:00+02:00")
    assert room.play(120, "guitar").diary.seconds == pytest.approx(120)
    assert room.diary.day == day


@pytest.mark.parametrize("jump", [3_600.0, -3_600.0])
def test_clock_jump_within_the_day_adds_no_seconds(jump: float) -> None:
    room = Room()
    room.play(60, "guitar")
    room.wall_began += jump
    assert room.play(60, "guitar").diary.seconds == pytest.approx(120)


def test_clock_set_back_across_midnight_keeps_the_newer_day() -> None:
    room = Room("2024-06-02T00:10:00").play(60, "guitar")
    room.wall_began -= 3_600
    room.play(60, "guitar")
    assert room.diary.day == "2024-06-02"
    assert room.diary.seconds == pytest.approx(120)


def test_saved_day_years_ahead_is_replaced_by_today() -> None:
    diary = Diary("2036-02-07", 500.0, {"guitar": 500.0})
    room = Room(diary=diary).play(60, "guitar")
    assert room.diary.day == "2024-06-01"
    assert room.diary.seconds == pytest.approx(60)


def test_session_ends_after_five_minutes_of_silence() -> None:
    room = Room().stay_silent(10).play(100, "guitar").stay_silent(200).play(50, "vocal")
    began = room.wall_began + 10
    assert room.diary.session == Session(
        *(began, 356.0, ("guitar", "vocal")), {"guitar": 100.0, "vocal": 50.0}
    )
    room.stay_silent(290)
    assert room.diary.last is None
    after = room.stay_silent(10).diary
    assert after.session is None
    assert after.last == Session(
        *(began, 356.0, ("guitar", "vocal")), {"guitar": 100.0, "vocal": 50.0}
    )


def test_short_session_is_not_kept() -> None:
    room = Room().play(100, "guitar").stay_silent(400)
    before = room.diary.last
    room.play(8, "mallet").stay_silent(400)
    assert room.diary.session is None
    assert room.diary.last == before


def test_session_does_not_end_during_long_playing() -> None:
    room = Room().play(2000, "guitar")
    assert room.diary.session is not None
    assert room.diary.session.seconds == pytest.approx(2000)


def test_restart_within_the_gap_continues_session_and_day() -> None:
    before = Room().play(100, "guitar").stay_silent(10)
    after = Room("2024-06-01T18:03:00", before.diary).play(60, "flute")
    assert after.diary.seconds == pytest.approx(160)
    assert after.diary.session == Session(
        *(before.wall_began, 240.0, ("guitar", "flute")), {"guitar": 100.0, "flute": 60.0}
    )


def test_restart_after_the_gap_ends_the_session_at_its_last_sound() -> None:
    before = Room().play(100, "guitar").stay_silent(10)
    after = Room("2024-06-01T19:00:00", before.diary).stay_silent(1)
    assert after.diary.session is None
    assert after.diary.last == Session(before.wall_began, 100.0, ("guitar",), {"guitar": 100.0})


def test_session_over_midnight_is_one_with_minutes_on_each_day() -> None:
    room = Room("2024-06-01T23:58:00").play(240, "guitar")
    days = {room.diary.day: room.diary.seconds}
    finished = room.sessions.take_finished()
    assert finished is not None
    days[finished.day] = finished.seconds
    assert days == {"2024-06-01": pytest.approx(120), "2024-06-02": pytest.approx(120)}
    last = room.stay_silent(310).diary.last
    assert last is not None
    assert last.summary.minutes == {"guitar": pytest.approx(4.0)}
    assert last.summary.started == local("2024-06-01T23:58:00")


def test_day_that_begins_again_after_a_clock_change_keeps_its_minutes() -> None:
    known = {date(2024, 6, 1): DayRecord(date(2024, 6, 1), 600.0, {"flute": 600.0})}
    room = Room("2024-01-01T00:10:00", earlier=lambda day: known.get(day, DayRecord(day, 0.0, {})))
    room.play(60, "guitar").stay_silent(10)
    room.wall_began = local("2024-06-01T18:00:00") - room.at
    diary = room.play(60, "guitar").diary
    assert diary.day == "2024-06-01"
    assert diary.seconds == pytest.approx(660)
    assert diary.families == {"flute": 600.0, "guitar": pytest.approx(60)}


def test_session_of_version_0_1_has_no_minutes_by_family() -> None:
    text = b'{"started": 1.7e9, "seconds": 600.0, "families": ["guitar", "flute"]}'
    session = msgspec.json.decode(text, type=Session)
    assert session.summary.minutes == {"guitar": None, "flute": None}
    assert session.summary.ended == 1.7e9 + 600


def test_figures_of_the_analysers_are_part_of_the_summary() -> None:
    room = Room().play(100, "guitar")
    room.sessions.describe(Figures(notes=120, range=("E2", "G5"), keys={"A major": 1.5}))
    summary = room.stay_silent(310).diary.last.summary  # type: ignore[union-attr]
    assert (summary.notes, summary.range, summary.keys) == (120, ("E2", "G5"), {"A major": 1.5})
    room.sessions.describe(Figures(notes=1))
    assert room.diary.session is None


def test_restart_on_the_next_day_starts_at_zero() -> None:
    before = Room().play(100, "guitar")
    assert Room("2024-06-02T07:00:00", before.diary).diary.seconds == 0.0


def test_day_and_session_follow_the_clock_while_there_is_no_sound() -> None:
    room = Room("2024-06-01T23:00:00").play(100, "guitar")
    room.sessions.advance_clock(local("2024-06-01T23:05:00"))
    assert room.diary.last is None
    room.sessions.advance_clock(local("2024-06-02T00:00:01"))
    assert room.diary.session is None
    assert room.diary.day == "2024-06-02"
    assert room.diary.last is not None


@pytest.mark.parametrize("day", ["", "yesterday", "2024-13-40"])
def test_diary_with_an_invalid_day_starts_at_zero(day: str) -> None:
    assert Room(diary=Diary(day, 77.0)).stay_silent(1).diary.seconds == 0.0


def test_diary_survives_encoding_as_json() -> None:
    room = Room().play(100, "guitar").stay_silent(400).play(70, "flute")
    written: Any = msgspec.json.decode(msgspec.json.encode(room.diary), type=Diary)
    assert written == room.diary
