"""The history over HTTP: what it tells is true to the file, and what is deleted is gone."""

import csv
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")

from daemon.practice.history.schema import NAME
from daemon.web.page.history.page_history import overview
from tests.conftest import free_port
from tests.daemon.web.page.parts import Answer, Page, serving
from tests.daemon.web.page.simulated_history import simulate

LAST = date(2026, 6, 10)
ZONES = ("Europe/Zurich", "America/Santiago", "Asia/Kolkata", "UTC")


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with monkeypatch.context() as context:
        context.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    simulate(tmp_path, "box", LAST, 700)
    simulate(tmp_path, "other", LAST, 30, seed=2)
    with serving(Page(free_port(), tmp_path)) as page:
        yield page


def ask(page: Page, path: str, **query: Any) -> Answer:
    return page.ask(f"/api/{path}?{urlencode({'place': 'box', **query})}")


def sql(directory: Path, query: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(directory / NAME)) as database:
        return database.execute(query, values).fetchall()


def test_year_is_that_of_the_file_in_every_zone(zone: str, tmp_path: Path) -> None:
    simulate(tmp_path, "box", LAST, 700)
    found = overview(tmp_path, "box", 2025, LAST)
    truth = sql(tmp_path, "SELECT day, seconds, families FROM days WHERE day LIKE '2025-%'")
    assert [(str(d["day"]), d["minutes"]) for d in found["days"]] == [
        (day, round(seconds / 60, 1)) for day, seconds, _ in truth
    ]
    for shown, (_, _, families) in zip(found["days"], truth, strict=True):
        assert shown["families"] == {f: round(s / 60, 1) for f, s in json.loads(families).items()}
    assert found["years"] == [2024, 2025, 2026]
    assert found["minutes"] == round(sum(seconds for _, seconds, _ in truth) / 60, 1)
    started = sql(tmp_path, "SELECT DISTINCT date(started, 'unixepoch', 'localtime') FROM sessions")
    assert found["streaks"] == streaks_of({day for (day,) in started}), zone


def streaks_of(days: set[str]) -> dict[str, int]:
    """Count the streaks day by day, without knowing how they are counted in the daemon."""
    longest = current = run = 0
    day = LAST - timedelta(days=800)
    while day <= LAST:
        run = run + 1 if day.isoformat() in days else 0
        longest = max(longest, run)
        if run or day != LAST:
            current = run
        day += timedelta(days=1)
    return {"current": current, "longest": longest}


def test_weeks_are_the_sums_of_their_days(page: Page, tmp_path: Path) -> None:
    weeks = ask(page, "history", year=2025).json["weeks"]
    assert (weeks[0]["monday"], weeks[-1]["monday"]) == ("2024-12-30", "2025-12-29")
    assert len(weeks) == 53
    for week in weeks:
        monday = date.fromisoformat(week["monday"])
        assert monday.weekday() == 0
        rows = sql(
            tmp_path,
            "SELECT seconds, families FROM days WHERE place = 'box' AND day BETWEEN ? AND ?",
            str(monday),
            str(monday + timedelta(days=6)),
        )
        families = Counter[str]()
        for _, text in rows:
            families.update(json.loads(text))
        assert week["minutes"] == round(sum(seconds for seconds, _ in rows) / 60, 1)
        assert week["families"] == {f: round(s / 60, 1) for f, s in families.items()}


def test_sessions_come_newest_first_in_pages(page: Page, tmp_path: Path) -> None:
    query: dict[str, Any] = {"since": "2025-01-01", "until": "2025-12-31"}
    seen: list[dict[str, Any]] = []
    while True:
        answer = ask(page, "history/sessions", **query).json
        seen += answer["sessions"]
        if not answer["are_more"]:
            break
        assert len(answer["sessions"]) == 50
        query["before"] = repr(seen[-1]["id"])
    truth = sql(
        tmp_path,
        "SELECT started, notes FROM sessions WHERE place = 'box' AND "
        "strftime('%Y', started, 'unixepoch', 'localtime') = '2025' ORDER BY started DESC",
    )
    assert [(session["id"], session["notes"]) for session in seen] == truth
    day = seen[0]["started"][:10]
    of_day = ask(page, "history/sessions", since=day, until=day).json["sessions"]
    assert of_day == [session for session in seen if session["started"].startswith(day)]


def test_exports_hold_every_session(page: Page, tmp_path: Path) -> None:
    starts = [row[0] for row in sql(tmp_path, "SELECT started FROM sessions WHERE place = 'box'")]
    table = ask(page, "history/export", form="csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.headers["content-disposition"] == 'attachment; filename="timbrel-box.csv"'
    rows = [*csv.DictReader(table.body.splitlines())]
    assert [datetime.fromisoformat(row["started"]).timestamp() for row in rows] == sorted(starts)
    everything = ask(page, "history/export", form="json").json
    assert len(everything["sessions"]) == len(starts)
    assert (
        len(everything["days"])
        == sql(tmp_path, "SELECT count(*) FROM days WHERE place = 'box'")[0][0]
    )
    calendar = ask(page, "history/export", form="ics")
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert calendar.body.count("BEGIN:VEVENT") == len(starts)


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("history", {"place": "attic"}, 404),
        ("history", {"year": "20266"}, 400),
        ("history", {"year": "1969"}, 400),
        ("history", {"year": "٢٠٢٦"}, 400),
        ("history/sessions", {"since": "2026-02-30", "until": "2026-03-01"}, 400),
        ("history/sessions", {"since": "2026-01-01", "until": "9999-12-31"}, 400),
        ("history/sessions", {"since": "2026-01-01", "until": "2026-12-31", "before": "nan"}, 400),
        ("history/export", {"form": "exe"}, 400),
        ("history/export", {"form": "csv", "place": "../box"}, 404),
    ],
)
def test_wrong_question_is_refused(page: Page, path: str, query: dict[str, str], code: int) -> None:
    answer = ask(page, path, **query)
    assert answer.code == code
    assert answer.json["error"]


def delete(page: Page, body: dict[str, Any], **headers: str) -> Answer:
    headers = {"x_timbrel_page": page.token()} | headers
    return page.ask("/api/history/delete", "POST", json.dumps(body), **headers)


def test_deletion_needs_the_token_and_one_thing_to_delete(page: Page) -> None:
    asked: list[Any] = []
    page.delete = asked.append
    everything = {"place": "box", "what": "everything"}
    assert delete(page, everything, x_timbrel_page="wrong").code == 403
    assert delete(page, everything, sec_fetch_site="cross-site").code == 403
    assert delete(page, {"place": "box", "what": "day"}).code == 400
    assert delete(page, {"place": "box", "what": "day", "session": 1.0}).code == 400
    assert delete(page, {**everything, "day": "2026-06-01"}).code == 400
    assert delete(page, {"place": "box", "what": "day", "day": "9999-12-31"}).code == 400
    assert delete(page, {"place": "box", "what": "session", "session": 1e20}).code == 400
    assert delete(page, {"place": "attic", "what": "everything"}).code == 404
    assert page.ask("/api/history/delete").code == 405
    assert asked == []
    assert delete(page, {"place": "box", "what": "day", "day": "2026-06-01"}).code == 204
    assert delete(page, {"place": "box", "what": "session", "session": 1.5}).code == 204
    assert delete(page, everything).code == 204
    assert asked == [
        ("box", None, date(2026, 6, 1)),
        ("box", 1.5, None),
        ("box", None, None),
    ]


def test_without_a_file_the_history_is_empty(tmp_path: Path) -> None:
    with serving(Page(free_port(), tmp_path)) as page:
        found = ask(page, "history").json
        assert (found["days"], found["minutes"]) == ([], 0.0)
        assert found["streaks"] == {"current": 0, "longest": 0}
        assert ask(page, "history/export", form="json").json["sessions"] == []


def test_damaged_or_newer_file_is_explained(page: Page, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / NAME)) as database:
        database.execute("PRAGMA user_version = 77")
    newer = ask(page, "history")
    assert newer.code == 503
    assert "made by a newer Timbrel" in newer.json["error"]
    (tmp_path / NAME).write_bytes(b"not a database" * 1_000)
    damaged = ask(page, "history/export", form="csv")
    assert damaged.code == 503
    assert "restart Timbrel, which repairs it" in damaged.json["error"]
    # The rest of the page goes on.
    assert page.ask("/api/health").code == 200
