"""`timbrel web-password` as a program."""

import stat
from pathlib import Path

from daemon.configuration.web_password import read_web_password
from daemon.configuration.web_settings import WebSettings
from tests.conftest import Timbrel


def test_stores_the_hash_of_a_piped_password_for_the_owner_only(
    tmp_path: Path, timbrel: Timbrel
) -> None:
    config, file = tmp_path / "timbrel.yaml", tmp_path / "etc" / "web-password"
    config.write_text(f"web: {{password_file: {file}}}\n")
    done = timbrel("web-password", "--config", config, input="long enough\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"the password is set in {file}; restart Timbrel to apply it\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = read_web_password(WebSettings(password_file=str(file)), {})
    assert found is not None
    assert found.matches("long enough")


def test_short_password_leaves_the_old_one(tmp_path: Path, timbrel: Timbrel) -> None:
    config, file = tmp_path / "timbrel.yaml", tmp_path / "web-password"
    config.write_text(f"web: {{password_file: {file}}}\n")
    file.write_text("as before")
    done = timbrel("web-password", "--config", config, input="short\n")
    assert done.returncode == 2
    assert "8 to 200 characters" in done.stderr
    assert file.read_text() == "as before"
