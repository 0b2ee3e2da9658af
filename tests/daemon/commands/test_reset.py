"""`timbrel reset` as a program, on a real state directory."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from daemon.hub.controls import Chosen
from daemon.practice.history.history import History
from daemon.practice.history.records import EventRecord
from daemon.practice.history.schema import NAME
from daemon.system.files.json_store import JsonStore
from daemon.system.state_directory import DirectoryLock
from tests.conftest import Timbrel

EVENT = EventRecord("1" * 32, "organ", 1.78e9, 60.0, 0.9, None)


def test_reset_discards_only_settings_from_hub(timbrel: Timbrel, tmp_path: Path) -> None:
    chosen = JsonStore(tmp_path, "chosen-attic", Chosen())
    chosen.write(Chosen(muted=True))
    chosen.close()
    (tmp_path / "practice-attic.json").write_bytes(msgspec.json.encode({"seconds": 60.0}))
    done = timbrel("reset", "--state", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("attic: discarded the settings from the hub")
    assert chosen.read() == Chosen()
    assert (tmp_path / "practice-attic.json").exists()


def test_reset_is_refused_while_daemon_runs(timbrel: Timbrel, tmp_path: Path) -> None:
    (tmp_path / "chosen-attic.json").write_text("{}")
    lock = DirectoryLock(tmp_path)
    done = timbrel("reset", "--state", tmp_path)
    lock.release()
    assert done.returncode == 2
    assert "stop it first" in done.stderr
    assert (tmp_path / "chosen-attic.json").exists()


def test_reset_without_settings_from_hub_names_the_directory(
    timbrel: Timbrel, tmp_path: Path
) -> None:
    done = timbrel("reset", "--state", tmp_path / "empty")
    assert done.returncode == 2
    assert f"{tmp_path}/empty: contains no settings from a hub" in done.stderr
    assert not (tmp_path / "empty").exists()


def test_goes_back_to_the_copies_from_before_a_migration(timbrel: Timbrel, tmp_path: Path) -> None:
    with History(tmp_path) as history:
        history.of("attic").put_event(EVENT)
    file, copy = tmp_path / NAME, tmp_path / f"{NAME}.schema-1"
    shutil.copy(file, copy)
    with closing(sqlite3.connect(file)) as database:
        database.executescript("CREATE TABLE later (thing TEXT); PRAGMA user_version = 2;")
    newer = file.read_bytes()
    refused = timbrel("history", "--state", tmp_path)
    assert refused.returncode == 2
    assert f"reset --to-schema 1 --state {tmp_path}" in refused.stderr
    journal = tmp_path / f"{NAME}-journal"
    journal.write_bytes(b"of the newer file")
    done = timbrel("reset", "--to-schema", "1", "--state", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{NAME}: schema 1 again; the newer file is kept as {NAME}.newer\n"
    shown = timbrel("history", "--events", "--json", "--state", tmp_path)
    assert [json.loads(line)["event_id"] for line in shown.stdout.splitlines()] == [EVENT.event_id]
    assert (tmp_path / f"{NAME}.newer").read_bytes() == newer
    assert not journal.exists()
    assert not copy.exists()


def test_without_copies_of_that_schema_names_the_others(timbrel: Timbrel, tmp_path: Path) -> None:
    done = timbrel("reset", "--to-schema", "1", "--state", tmp_path)
    assert done.returncode == 2
    assert "contains no copies with schema 1; there are none at all" in done.stderr
    (tmp_path / f"{NAME}.schema-3").touch()
    done = timbrel("reset", "--to-schema", "1", "--state", tmp_path)
    assert "use --to-schema with one of these: 3" in done.stderr


def test_does_not_go_back_while_the_daemon_runs(timbrel: Timbrel, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.schema-1").touch()
    lock = DirectoryLock(tmp_path)
    done = timbrel("reset", "--to-schema", "1", "--state", tmp_path)
    lock.release()
    assert done.returncode == 2
    assert "stop it first" in done.stderr
    assert not (tmp_path / NAME).exists()
