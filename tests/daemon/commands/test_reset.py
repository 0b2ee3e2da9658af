"""`timbrel reset` as a program, on a real state directory."""

from pathlib import Path

import msgspec

from daemon.hub.controls import Chosen
from daemon.system.files.json_store import JsonStore
from daemon.system.state_directory import DirectoryLock
from tests.conftest import Timbrel


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
