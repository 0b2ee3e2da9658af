"""`timbrel history` on a real history file."""

import csv
import json
from datetime import date, datetime
from pathlib import Path

import pytest

from daemon.commands.history.history import Choices, history
from daemon.commands.history.period import period_of
from daemon.configuration.settings import Settings
from daemon.errors import InputError
from daemon.hub.history_export.calendar_text import calendar_text
from daemon.practice.history.history import History
from daemon.practice.history.records import DayRecord, EventRecord
from daemon.practice.history.schema import NAME
from daemon.practice.summary import Summary
from tests.conftest import Timbrel

pytestmark = pytest.mark.usefixtures("berlin")


def local(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


EVENING = Summary(
    started=local("2026-06-01T18:29:00+02:00"),
    ended=local("2026-06-01T19:10:00+02:00"),
    minutes={"organ": 35.04, "flute": 6.0},
)
NIGHT = Summary(
    started=local("2026-06-03T23:50:00+02:00"),
    ended=local("2026-06-04T00:20:00+02:00"),
    minutes={"guitar": 25.0},
    notes=1840,
    range=("E2", "G5"),
    keys={"A major": 14.2},
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with a history of two places."""
    with History(tmp_path, wall=lambda: NIGHT.ended) as kept:
        attic, cellar = kept.of("attic"), kept.of("cellar")
        attic.put_session(EVENING)
        cellar.put_session(NIGHT)
        attic.put_event(EventRecord("e1", "organ", EVENING.started, 61.75, 0.99, "deaf"))
        attic.put_day(DayRecord(date(2026, 6, 1), 2460.0, {"organ": 2100.0, "flute": 360.0}))
        cellar.put_day(DayRecord(date(2026, 6, 3), 600.0, {"guitar": 600.0}))
        cellar.put_day(DayRecord(date(2026, 6, 4), 1200.0, {"guitar": 1200.0}))
    return tmp_path


def printed(state: Path, capsys: pytest.CaptureFixture[str], **choices: str) -> str:
    assert history(Settings(), state, Choices(**choices)) == 0  # type: ignore[arg-type]
    return capsys.readouterr().out


def test_lists_sessions_for_people(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(state, capsys).splitlines() == [
        "2026-06-01 18:29 to 19:10  attic  41.0 min  organ 35.0, flute 6.0",
        "2026-06-03 23:50 to 00:20  cellar  30.0 min  guitar 25.0",
    ]


def test_json_has_the_fields_of_the_topic(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = map(json.loads, printed(state, capsys, form="json").splitlines())
    assert first["minutes"] == {"organ": 35.0, "flute": 6.0}
    assert first["started"] == "2026-06-01T18:29:00.000+02:00"
    assert first["a4_hz"] is None
    assert (second["place"], second["notes"], second["range"]) == ("cellar", 1840, ["E2", "G5"])


def test_csv_opens_as_a_table(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = csv.DictReader(printed(state, capsys, form="csv").splitlines())
    assert (first["place"], first["duration_minutes"], first["notes"]) == ("attic", "41.0", "")
    assert json.loads(first["minutes"]) == {"organ": 35.0, "flute": 6.0}
    assert (second["duration_minutes"], second["notes"]) == ("30.0", "1840")
    assert json.loads(second["range"]) == ["E2", "G5"]


def test_prints_events_and_days(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (event,) = map(json.loads, printed(state, capsys, form="json", of="events").splitlines())
    assert event["ended_at"] == "2026-06-01T18:30:01.750+02:00"
    assert (event["family"], event["duration_seconds"], event["reason"]) == ("organ", 61.75, "deaf")
    days = list(csv.DictReader(printed(state, capsys, form="csv", of="days").splitlines()))
    assert [(day["day"], day["minutes"]) for day in days] == [
        *(("2026-06-01", "41.0"), ("2026-06-03", "10.0"), ("2026-06-04", "20.0")),
    ]
    assert printed(state, capsys, of="days").startswith("2026-06-01  attic  41.0 min  organ 35.0")
    assert "61.8 s  organ  (deaf)" in printed(state, capsys, of="events")


@pytest.mark.parametrize(
    ("since", "until", "places"),
    [
        ("2026-06-01", "2026-06-01", ["attic"]),
        ("2026-06-03", "2026-06-03", ["cellar"]),
        ("2026-06-04", None, []),
        (None, "2026-06-03", ["attic", "cellar"]),
        ("2026-06-01T18:30", None, ["cellar"]),
        (None, "2026-06-01T18:29", []),
    ],
)
def test_period_includes_the_whole_last_day(
    state: Path,
    capsys: pytest.CaptureFixture[str],
    since: str | None,
    until: str | None,
    places: list[str],
) -> None:
    history(Settings(), state, Choices(form="json", since=since, until=until))
    found = [json.loads(line)["place"] for line in capsys.readouterr().out.splitlines()]
    assert found == places


def test_days_of_a_period_are_whole_days(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(state, capsys, of="days", since="2026-06-03", until="2026-06-03").splitlines()
    assert [line.split()[0] for line in lines] == ["2026-06-03"]


def test_today_and_yesterday_are_local_days() -> None:
    first, last = period_of("yesterday", "today", date(2026, 3, 29))
    assert first.isoformat() == "2026-03-28T00:00:00+01:00"
    assert last.isoformat() == "2026-03-30T00:00:00+02:00"


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "", "1.6.2026", "9999-12-31"])
def test_invalid_day_names_the_forms(text: str) -> None:
    with pytest.raises(InputError, match="use a date such as 2026-06-01"):
        period_of(None, text, date(2026, 6, 1))


def test_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InputError, match="is before"):
        period_of("2026-06-02", "2026-06-01", date(2026, 6, 5))


def test_calendar_has_an_entry_for_each_session() -> None:
    text = calendar_text([("attic", EVENING), ("cellar", NIGHT)])
    lines = text.split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert "DTSTART:20260601T162900Z" in lines
    assert "DTEND:20260603T222000Z" in lines
    assert "SUMMARY:Practice: organ\\, flute (41 min)" in lines
    assert "DESCRIPTION:organ: 35.0 min\\nflute: 6.0 min" in lines
    uids = [line for line in lines if line.startswith("UID:")]
    assert len(set(uids)) == 2
    assert calendar_text([("attic", EVENING)]) == calendar_text([("attic", EVENING)])


def test_long_calendar_lines_are_folded_between_characters() -> None:
    families = dict.fromkeys((f"Flöte {number}" for number in range(30)), 1.0)
    summary = Summary(started=EVENING.started, ended=EVENING.ended, minutes=dict(families))
    text = calendar_text([("attic", summary)])
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    unfolded = text.replace("\r\n ", "")
    assert "Flöte 29" in unfolded


def test_missing_history_names_the_state_directory(timbrel: Timbrel, tmp_path: Path) -> None:
    done = timbrel("history", "--state", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert f"{tmp_path}/{NAME}: there is no history" in line
    assert "--state" in line
    assert not list(tmp_path.iterdir())


def test_damaged_history_gives_one_line(timbrel: Timbrel, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"no database at all" * 500)
    done = timbrel("history", "--json", "--state", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "damaged" in line
    assert "restart Timbrel" in line


def test_calendar_of_days_is_refused(timbrel: Timbrel, state: Path) -> None:
    done = timbrel("history", "--ics", "--days", "--state", state)
    assert done.returncode == 2
    assert "--ics is for sessions" in done.stderr


def test_program_prints_a_calendar(timbrel: Timbrel, state: Path) -> None:
    done = timbrel("history", "--ics", "--place", "attic", "--state", state)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("BEGIN:VEVENT") == 1


def test_empty_period_says_so(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(state, capsys, place="garden") == "no sessions in this period\n"
    assert printed(state, capsys, place="garden", form="json") == ""
