"""Minutes and sessions of scripted days, by the second."""

from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.hearing.tracker import Event, EventEnded, EventStarted
from daemon.practice.sessions import Diary, Session, Sessions

STOP_AFTER = 6.0
SETTLE = 11.0


pytestmark = pytest.mark.usefixtures("berlin")


def local(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class Room:
    """A place where families sound at known seconds, heard once a second."""

    def __init__(self, began: str = "2024-06-01T18:00:00", diary: Diary | None = None) -> None:
        self.practice = Sessions(
            settle_seconds=SETTLE,
            gap_seconds=300,
            least_seconds=60,
            diary=diary or Diary(),
        )
        self.wall_began = local(began)
        self.at = 0.0
        self.told: list[float] = []
        self.practice.begin(self.wall_began)

    def hear(self, seconds: float, *families: str) -> "Room":
        """Families sound for so long, then are silent until the tracker has seen it."""
        onset = self.at
        for family in families:
            self.window(EventStarted(family, onset, onset + 4, 0.9))
        while self.at < onset + seconds + STOP_AFTER:
            self.at += 1.0
            self.window()
        until = onset + seconds
        for family in families:
            self.window(EventEnded(family, onset, self.at, 0.1, until, 0.9))
        return self

    def rest(self, seconds: float) -> "Room":
        for _ in range(int(seconds)):
            self.at += 1.0
            self.window()
        return self

    def window(self, *events: Event) -> None:
        self.practice.update(self.at, self.wall_began + self.at, events)
        self.told.append(self.practice.seconds)

    @property
    def diary(self) -> Diary:
        return self.practice.diary


def test_what_sounds_is_counted_to_the_second() -> None:
    diary = Room().hear(90, "guitar").rest(30).hear(30.5, "flute").diary
    assert diary.day == "2024-06-01"
    assert diary.seconds == pytest.approx(120.5)
    assert diary.families == {"guitar": pytest.approx(90), "flute": pytest.approx(30.5)}


def test_two_at_once_are_one_minute_of_playing() -> None:
    diary = Room().hear(60, "guitar", "vocal").diary
    assert diary.seconds == pytest.approx(60)
    assert diary.families == {"guitar": pytest.approx(60), "vocal": pytest.approx(60)}


def test_minutes_grow_while_it_plays_and_never_shrink() -> None:
    room = Room()
    room.hear(200, "guitar")
    assert room.told == sorted(room.told)
    half_way = room.told[100]
    assert half_way == pytest.approx(100 - SETTLE, abs=2)


def test_a_longer_wait_for_the_end_holds_minutes_back_and_takes_none() -> None:
    room = Room()
    room.window(EventStarted("guitar", 0.0, 4.0, 0.9))
    room.rest(60)
    room.practice.settle_seconds = 600.0
    room.rest(300)
    room.window(EventEnded("guitar", 0.0, room.at, 0.1, 90.0, 0.9))
    assert room.told == sorted(room.told)
    assert room.told[-2] == pytest.approx(60 - SETTLE)
    assert room.told[-1] == pytest.approx(90)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 90)), max_size=12))
def test_the_sum_is_that_of_the_events_and_never_shrinks(parts: list[tuple[int, int]]) -> None:
    room = Room()
    for pause, seconds in parts:
        room.rest(pause).hear(seconds, "guitar")
    assert room.diary.seconds == pytest.approx(sum(seconds for _, seconds in parts))
    assert room.told == sorted(room.told)


def test_midnight_begins_at_nothing() -> None:
    room = Room("2024-06-01T23:58:00")
    room.hear(60, "guitar").rest(70)
    assert room.diary == msgspec.structs.replace(
        room.diary, day="2024-06-02", seconds=0.0, families={}
    )


def test_what_plays_over_midnight_is_parted_by_it() -> None:
    room = Room("2024-06-01T23:59:00").hear(100, "guitar")
    assert room.diary.day == "2024-06-02"
    assert room.diary.seconds == pytest.approx(40)
    assert room.diary.families == {"guitar": pytest.approx(40)}


def test_day_that_ends_has_all_that_was_played_on_it() -> None:
    room = Room("2024-06-01T23:59:00").hear(100, "guitar")
    finished = room.practice.take_finished()
    assert finished is not None
    assert finished.day == "2024-06-01"
    assert finished.seconds == pytest.approx(60)
    assert finished.families == {"guitar": pytest.approx(60)}
    assert room.practice.take_finished() is None


def test_playing_that_stopped_just_before_midnight_is_not_counted_until_midnight() -> None:
    room = Room("2024-06-01T23:59:00").hear(57, "guitar").rest(5)
    finished = room.practice.take_finished()
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
def test_days_have_what_was_played_before_and_after_midnight(
    parts: list[tuple[int, int, str]],
) -> None:
    room, before = Room("2024-06-01T23:58:30"), 0.0
    for pause, seconds, family in parts:
        room.rest(pause)
        before += min(seconds, max(0.0, 90.0 - room.at))
        room.hear(seconds, family)
    room.rest(200)
    finished = room.practice.take_finished()
    assert finished is not None
    assert finished.seconds == pytest.approx(before)
    assert room.diary.seconds == pytest.approx(sum(seconds for _, seconds, _ in parts) - before)
    assert sum(finished.families.values()) == pytest.approx(before)


def test_a_day_turns_within_a_minute_however_long_an_end_may_take_to_be_known() -> None:
    room = Room("2024-06-01T23:59:00")
    room.practice.settle_seconds = 3600.0
    room.window(EventStarted("guitar", 0.0, 4.0, 0.9))
    room.rest(119)
    assert room.diary.day == "2024-06-01"
    assert room.rest(2).diary.day == "2024-06-02"


@pytest.mark.parametrize("day", ["2024-03-31", "2024-10-27"])
def test_daylight_saving_change_adds_no_minutes(day: str) -> None:
    room = Room(f"{day}T01:59:00+01:00" if "03" in day else f"{day}T02:59:00+02:00")
    assert room.hear(120, "guitar").diary.seconds == pytest.approx(120)
    assert room.diary.day == day


@pytest.mark.parametrize("jump", [3_600.0, -3_600.0])
def test_a_jump_of_the_clock_within_the_day_adds_nothing(jump: float) -> None:
    room = Room()
    room.hear(60, "guitar")
    room.wall_began += jump
    assert room.hear(60, "guitar").diary.seconds == pytest.approx(120)


def test_a_clock_set_back_over_midnight_keeps_the_day() -> None:
    room = Room("2024-06-02T00:10:00").hear(60, "guitar")
    room.wall_began -= 3_600
    room.hear(60, "guitar")
    assert room.diary.day == "2024-06-02"
    assert room.diary.seconds == pytest.approx(120)


def test_a_clock_that_was_years_ahead_is_left_behind() -> None:
    diary = Diary("2036-02-07", 500.0, {"guitar": 500.0})
    room = Room(diary=diary).hear(60, "guitar")
    assert room.diary.day == "2024-06-01"
    assert room.diary.seconds == pytest.approx(60)


def test_a_session_lasts_until_five_minutes_of_silence() -> None:
    room = Room().rest(10).hear(100, "guitar").rest(200).hear(50, "vocal")
    began = room.wall_began + 10
    assert room.diary.session == Session(began, 356.0, ("guitar", "vocal"))
    room.rest(290)
    assert room.diary.last is None
    after = room.rest(10).diary
    assert after.session is None
    assert after.last == Session(began, 356.0, ("guitar", "vocal"))


def test_a_short_noise_is_no_session_worth_remembering() -> None:
    room = Room().hear(100, "guitar").rest(400)
    before = room.diary.last
    room.hear(8, "mallet").rest(400)
    assert room.diary.session is None
    assert room.diary.last == before


def test_playing_that_goes_on_ends_no_session_however_long() -> None:
    room = Room().hear(2000, "guitar")
    assert room.diary.session is not None
    assert room.diary.session.seconds == pytest.approx(2000)


def test_a_restart_within_the_gap_goes_on_with_session_and_day() -> None:
    before = Room().hear(100, "guitar").rest(10)
    after = Room("2024-06-01T18:03:00", before.diary).hear(60, "flute")
    assert after.diary.seconds == pytest.approx(160)
    assert after.diary.session == Session(before.wall_began, 240.0, ("guitar", "flute"))


def test_a_restart_after_the_gap_ends_the_session_where_it_ended() -> None:
    before = Room().hear(100, "guitar").rest(10)
    after = Room("2024-06-01T19:00:00", before.diary).rest(1)
    assert after.diary.session is None
    assert after.diary.last == Session(before.wall_began, 100.0, ("guitar",))


def test_a_restart_on_the_next_day_begins_at_nothing() -> None:
    before = Room().hear(100, "guitar")
    assert Room("2024-06-02T07:00:00", before.diary).diary.seconds == 0.0


def test_while_nobody_listens_day_and_session_go_by_the_clock() -> None:
    room = Room("2024-06-01T23:00:00").hear(100, "guitar")
    room.practice.rest(local("2024-06-01T23:05:00"))
    assert room.diary.last is None
    room.practice.rest(local("2024-06-02T00:00:01"))
    assert room.diary.session is None
    assert room.diary.day == "2024-06-02"
    assert room.diary.last is not None


@pytest.mark.parametrize("day", ["", "yesterday", "2024-13-40"])
def test_a_diary_with_a_strange_day_begins_anew(day: str) -> None:
    assert Room(diary=Diary(day, 77.0)).rest(1).diary.seconds == 0.0


def test_a_diary_survives_the_disk() -> None:
    room = Room().hear(100, "guitar").rest(400).hear(70, "flute")
    written: Any = msgspec.json.decode(msgspec.json.encode(room.diary), type=Diary)
    assert written == room.diary
