"""`timbrel check` with passwords: suspicious ones, wrong files, and files of root."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.conftest import ROOT, Timbrel
from tests.daemon.commands.check.test_check import row, write_config
from tests.daemon.mqtt.test_link import make_certificate


def test_warns_about_suspicious_passwords(timbrel: Timbrel, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.touch(0o600)
    config = write_config(tmp_path, f"mqtt: {{username: me, password_file: {password}}}")
    for content, fault in (
        ("", "the file is empty"),
        ("\ufeff\r\n", "the file is empty"),
        ("\n", "the file is empty"),
        ("  \n", "it contains only spaces"),
        ("S3cret \n", "it begins or ends with a space"),
        ('"S3cret"\n', "it is in quotes, which would be sent as part of the password"),
        ("${S3cret}\n", "it contains a variable, which is not expanded"),
        (
            "password: S3cret\n",
            "it begins with a name, which would be sent as part of the password",
        ),
        (
            "TIMBREL_MQTT_PASSWORD=S3cret\n",
            "it begins with a name, which would be sent as part of the password",
        ),
        ("me:$7$101$ab==\n", "it is a line of the broker's own password file"),
        (
            "S3cr\u200bet\n",
            "it has an invisible character (U+200B), which would be sent as part of the password",
        ),
    ):
        password.write_text(content, encoding="utf-8")
        done = timbrel("check", config)
        warning = f"mqtt.password_file: {password}: {fault}"
        assert row(done, "warning").startswith(warning), done.stdout
        assert (", a password," in row(done, "broker")) == ("empty" not in fault)
    password.write_text("S3cret")
    config = write_config(tmp_path, f"mqtt: {{password_file: {password}}}")
    done = timbrel("check", config)
    assert row(done, "warning").startswith("mqtt.username: missing")
    assert "no user, no password" in row(done, "broker")


def test_password_file_with_several_lines_is_an_error(timbrel: Timbrel, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("me\nS3cret\n")
    password.chmod(0o600)
    config = write_config(tmp_path, f"mqtt:\n  username: me\n  password_file: {password}\n")
    done = timbrel("check", config)
    assert done.returncode == 2
    error, verdict = done.stderr.splitlines()
    assert f"line 3: mqtt.password_file: {password}: more than one line; name a file" in error
    assert verdict == "timbrel: 1 error: this configuration cannot work"


def test_password_in_place_of_file_name_is_not_printed(timbrel: Timbrel, tmp_path: Path) -> None:
    done = timbrel("check", write_config(tmp_path, "mqtt: {username: me, password_file: S3cret}"))
    assert done.returncode == 2
    assert "S3cret" not in done.stderr
    assert "mqtt.password_file: No such file or directory; name a file" in done.stderr


AS_NOBODY = """
import os, sys
from pathlib import Path
from daemon.commands.check.diagnosis import Diagnosis
from daemon.configuration.settings_file import read_settings
# Import everything as root: other users may not be able to read the packages.
Diagnosis(read_settings(Path(sys.argv[1])))
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
found = Diagnosis(read_settings(Path(sys.argv[1])))
# The model may be in root's home, too.
problems = [problem for problem in found.problems if problem.key != "model.file"]
print(problems, found.has_password, *found.warnings, sep="\\n")
"""


FOR_THE_SERVICE = (
    "not readable by this user; only the systemd service, which gets a copy, can use it"
)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("user", ["username: me, ", ""])
def test_secret_readable_only_by_root_is_a_warning(user: str) -> None:
    # Only root can read the temporary folders of pytest.
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "password").touch(0o600)
        certificate, key = make_certificate(folder)
        certificate.chmod(0o644)
        key.chmod(0o600)
        tls = f"tls: {{certificate_file: {certificate}, key_file: {key}}}"
        config = write_config(folder, f"mqtt: {{{user}password_file: {folder}/password, {tls}}}")
        command = [sys.executable, "-c", AS_NOBODY, str(config)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    problems, has_password, *warnings = done.stdout.splitlines()
    assert (problems, has_password) == ("[]", str(bool(user)))
    assert f"mqtt.password_file: {folder}/password: {FOR_THE_SERVICE}" in warnings
    assert f"mqtt.tls.key_file: {key}: {FOR_THE_SERVICE}" in warnings
    assert any(w.startswith("mqtt.username: missing") for w in warnings) != bool(user)


WITH_DEFAULT_PATHS = """
import sys
from pathlib import Path
from daemon.configuration import startup_files
from daemon.system import unit
startup_files._UNITS = Path("/nowhere")
unit.CONFIG = Path(sys.argv[1])
unit.PASSWORD = unit.CONFIG.with_name("password")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_service_password_readable_only_by_root_is_a_warning() -> None:
    # Only root can read the temporary folders of pytest.
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "password").touch(0o600)
        config = write_config(folder, "mqtt: {username: me}")
        command = [sys.executable, "-c", WITH_DEFAULT_PATHS + AS_NOBODY, str(config)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    problems, has_password, *warnings = done.stdout.splitlines()
    assert (problems, has_password) == ("[]", "True")
    assert f"mqtt.password_file: {folder}/password: {FOR_THE_SERVICE}" in warnings
