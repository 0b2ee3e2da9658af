"""Log lines as text, as JSON and for the journal."""

import json
import logging
import math
import os
import re
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from daemon.system.log_lines import (
    JournalLines,
    JsonLines,
    LogHandler,
    Prioritized,
    TextLines,
    is_journal,
)
from tests.conftest import ROOT, Timbrel


def record(message: str, level: int = logging.INFO, **extra: Any) -> logging.LogRecord:
    log_record = logging.makeLogRecord({"name": "daemon.runtime.place", "msg": message, **extra})
    log_record.levelno, log_record.levelname = level, logging.getLevelName(level)
    return log_record


def as_json(log_record: logging.LogRecord) -> dict[str, Any]:
    line = JsonLines().format(log_record)
    assert "\n" not in line
    assert line.isascii()
    found: dict[str, Any] = json.loads(line, parse_constant=pytest.fail)
    return found


def test_text_line_has_the_program_name_and_the_message() -> None:
    assert TextLines().format(record("guitar started")) == "timbrel: guitar started"


def test_program_name_is_not_repeated_for_a_place_of_the_same_name() -> None:
    deaf = record("timbrel: deaf")
    assert TextLines().format(deaf) == "timbrel: deaf"
    assert JournalLines().format(deaf) == "deaf"
    assert JournalLines().format(record("kitchen: deaf")) == "kitchen: deaf"


def test_timed_line_begins_with_the_local_time() -> None:
    log_record = record("guitar started", created=1_700_000_000.25)
    local = datetime.fromtimestamp(1_700_000_000).isoformat(" ")  # noqa: DTZ006
    assert TextLines(timed=True).format(log_record) == f"{local} timbrel: guitar started"


@pytest.mark.parametrize("is_terminal", [True, False])
@pytest.mark.parametrize("kind", ["text", "json"])
def test_only_text_on_a_terminal_has_the_time(kind: str, *, is_terminal: bool) -> None:
    terminal, ours = os.openpty() if is_terminal else os.pipe()
    with os.fdopen(ours, "w") as stream:
        handler = LogHandler(stream)
        handler.handle(record("before"))
        handler.set_format(kind, timed=True)
        handler.handle(record("after"))
        written = b""
        while written.count(b"\n") < 2:  # A read from a terminal returns one line.
            written += os.read(terminal, 4096)
        before, after = written.decode().splitlines()
    os.close(terminal)
    assert before == "timbrel: before"
    timed = re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d timbrel: after", after)
    assert bool(timed) == (is_terminal and kind == "text")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cannot reach rtsp://me:S3cret@camera/1", "cannot reach rtsp://…@camera/1"),
        ("mqtt://me:S3@cret@hub and rtsp://cam/1", "mqtt://…@hub and rtsp://cam/1"),
        ("write to me@example.org", "write to me@example.org"),
    ],
)
def test_address_is_logged_without_its_login(text: str, expected: str) -> None:
    assert TextLines().format(record(text)) == f"timbrel: {expected}"
    assert as_json(record(text))["message"] == expected


def test_control_characters_are_escaped() -> None:
    line = TextLines().format(record("found \x1b]0;owned\x07 \x9b31m\rover\nnext\tline"))
    assert line == "timbrel: found \\x1b]0;owned\\x07 \\x9b31m\\rover\nnext\tline"


def test_json_line_has_time_level_logger_and_message() -> None:
    found = as_json(record("guitar started", created=1_700_000_000.25))
    assert list(found) == ["time", "level", "logger", "message"]
    assert found["level"] == "info"
    assert found["logger"] == "daemon.runtime.place"
    assert found["message"] == "guitar started"
    time = datetime.fromisoformat(found["time"])
    assert time.timestamp() == 1_700_000_000.25
    assert time.utcoffset() is not None


def test_json_line_contains_the_extra_fields() -> None:
    path = Path("/a")
    extra = {"node": "room", "family": "guitar", "event": "started", "score": 0.5, "on": True}
    found = as_json(record("x", logging.WARNING, **extra, file=path, odd=math.nan, none=None))
    assert {key: found[key] for key in extra} == extra
    assert (found["file"], found["odd"], found["none"]) == ("/a", "nan", None)


def test_extra_fields_do_not_replace_the_standard_ones() -> None:
    log_record = record("x", logger="other", time="never")
    vars(log_record)["level"] = "none"
    found = as_json(log_record)
    assert found["level"] == "info"
    assert found["logger"] == "daemon.runtime.place"
    assert found["time"] != "never"


@pytest.mark.parametrize("text", ["two\nlines", 'a "quote"', "\x00\x1b[31m", "ü\udcff", "%s %d"])
def test_json_line_is_one_line_for_any_message(text: str) -> None:
    assert as_json(record(text))["message"] == text


def test_json_line_contains_the_exception() -> None:
    try:
        int("what was wrong")
    except ValueError:
        info = sys.exc_info()
    found = as_json(record("failed", logging.ERROR, exc_info=info))
    assert found["exception"].startswith("Traceback")
    assert found["exception"].endswith("invalid literal for int() with base 10: 'what was wrong'")


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        (logging.CRITICAL, 2),
        (logging.ERROR, 3),
        (logging.WARNING, 4),
        (logging.INFO, 6),
        (logging.DEBUG, 7),
        (1, 7),
        (35, 4),
    ],
)
def test_every_journal_line_has_the_priority(level: int, priority: int) -> None:
    assert Prioritized(TextLines()).format(record("a\nb", level)) == (
        f"<{priority}>timbrel: a\n<{priority}>b"
    )


def test_journal_stream_is_recognized_by_device_and_inode() -> None:
    with tempfile.TemporaryFile("w") as stream, tempfile.TemporaryFile("w") as other:
        place = os.fstat(stream.fileno())
        environment = {"JOURNAL_STREAM": f"{place.st_dev}:{place.st_ino}"}
        assert is_journal(stream, environment)
        assert not is_journal(other, environment)
        assert not is_journal(stream, {})


@pytest.mark.parametrize(
    ("setting", "option", "is_json"),
    [
        ("", [], False),
        ("log: {format: json}\n", [], True),
        ("", ["--log-format", "json"], True),
        ("log: {format: json}\n", ["--log-format", "text"], False),
    ],
)
def test_option_overrides_the_setting(
    setting: str, option: list[str], *, is_json: bool, tmp_path: Path, timbrel: Timbrel
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"{setting}model: {{file: /nowhere/model.tflite}}\n")
    done = timbrel("run", "--config", config, *option)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    entry = json.loads(line) if is_json else {"message": line.removeprefix("timbrel: ")}
    assert entry["message"].startswith("model file /nowhere/model.tflite: not found")
    assert entry.get("level", "error") == "error"


def test_unreadable_configuration_is_reported_in_the_requested_format(timbrel: Timbrel) -> None:
    done = timbrel("run", "--config", "/nowhere.yaml", "--log-format", "json")
    assert done.returncode == 2
    assert json.loads(done.stderr)["message"].startswith("/nowhere.yaml: ")


@pytest.mark.parametrize("option", ["text", "json"])
def test_writes_priorities_to_the_journal(option: str, tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w+") as journal:
        place = os.fstat(journal.fileno())
        command = [sys.executable, "-m", "daemon", "run", "--config", "/nowhere.yaml"]
        done = subprocess.run(
            [*command, "--log-format", option],
            check=False,
            cwd=ROOT,
            stderr=journal,
            env={**os.environ, "JOURNAL_STREAM": f"{place.st_dev}:{place.st_ino}"},
        )
        assert done.returncode == 2
        journal.seek(0)
        (line,) = journal.read().splitlines()
    assert line.startswith("<3>/nowhere" if option == "text" else '<3>{"time": ')
