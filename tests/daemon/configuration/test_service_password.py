"""Commands run by hand find the password of the installed service."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.commands.check.diagnosis import Diagnosis
from daemon.commands.forget import forget
from daemon.configuration import startup_files
from daemon.configuration.password import PASSWORD_VARIABLE
from daemon.configuration.service_password import file_of_service, find_password
from daemon.configuration.settings import MqttSettings
from daemon.configuration.settings_file import load, read_settings
from daemon.errors import InputError
from daemon.system import systemd, unit
from tests.conftest import StartBroker
from tests.daemon.commands.test_forget import ATTIC
from tests.daemon.mqtt.test_link import make_password_file

MQTT = MqttSettings(username="box")
Install = Callable[[Path], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Write the unit for a configuration as `install-service` does; return its password file."""

    def write(config: Path) -> Path:
        folder = tmp_path / "100% units"
        folder.mkdir()
        password = folder / "mqtt-password"
        password.write_text("s3cret\n")
        secrets = {systemd.PASSWORD_CREDENTIAL: password}
        text = unit.system_unit(Path("/opt/timbrel"), config, secrets, [])
        (folder / unit.NAME).write_text(text)
        monkeypatch.setattr(startup_files, "_UNITS", folder)
        return password

    return write


@pytest.fixture(params=["timbrel.yaml", "a $100 b%.yaml"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file: Path = tmp_path / request.param
    file.write_text("")
    return file


def test_uses_the_password_of_the_service_with_the_same_configuration(
    install: Install, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(config)
    assert find_password(MQTT, config, {}) == "s3cret"
    link = tmp_path / "link.yaml"
    link.symlink_to(config)
    assert find_password(MQTT, link, {}) == "s3cret"
    monkeypatch.chdir(tmp_path)
    assert find_password(MQTT, Path(config.name), {}) == "s3cret"


def test_does_not_use_the_services_password_for_another_configuration(
    install: Install, config: Path, tmp_path: Path
) -> None:
    install(config)
    other = tmp_path / "other.yaml"
    other.write_text("")
    assert find_password(MQTT, other, {}) is None
    assert find_password(MQTT, None, {}) is None
    assert find_password(MqttSettings(), config, {}) is None


def test_uses_the_default_password_file_without_an_installed_unit(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = tmp_path / "mqtt-password"
    password.write_text("s3cret\n")
    monkeypatch.setattr(startup_files, "_UNITS", tmp_path / "none")
    monkeypatch.setattr(unit, "CONFIG", config)
    monkeypatch.setattr(unit, "PASSWORD", password)
    assert find_password(MQTT, config, {}) == "s3cret"
    assert find_password(MQTT, tmp_path / "other.yaml", {}) is None


def test_configured_password_overrides_the_services(
    install: Install, config: Path, tmp_path: Path
) -> None:
    install(config)
    assert find_password(MQTT, config, {PASSWORD_VARIABLE: "own"}) == "own"
    file = tmp_path / "own"
    file.write_text("filed")
    assert find_password(MqttSettings(username="box", password_file=str(file)), config, {}) == (
        "filed"
    )


def test_empty_or_missing_password_file_gives_no_password(install: Install, config: Path) -> None:
    password = install(config)
    password.write_text("\n")
    assert find_password(MQTT, config, {}) is None
    password.unlink()
    assert find_password(MQTT, config, {}) is None


def test_service_itself_does_not_read_the_password_file(
    install: Install, config: Path, tmp_path: Path
) -> None:
    install(config)
    (tmp_path / systemd.PASSWORD_CREDENTIAL).write_text("\n")
    assert not find_password(MQTT, config, {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_unreadable_password_file_is_reported_with_the_remedy(
    install: Install, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = install(config)
    password.write_bytes(b"\xff")
    with pytest.raises(
        InputError, match=r"not text.*.*: write only .* there, or set TIMBREL_MQTT_P"
    ):
        find_password(MQTT, config, {})
    # Root may read every file.
    password.unlink()
    password.mkdir()
    monkeypatch.setattr(os, "access", lambda path, _mode: path != password)
    assert file_of_service(MQTT, config, {}) == password
    with pytest.raises(InputError, match=r"mqtt-password: this user cannot read it.*as root"):
        find_password(MQTT, config, {})


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "the file is empty"),
        ("\n", "the file is empty"),
        ('"s3cret"\n', "it is in quotes, which would be sent as part of the password"),
    ],
)
def test_check_warns_about_the_services_password(
    content: str, fault: str, install: Install, config: Path
) -> None:
    config.write_text("mqtt: {username: box}\n")
    password = install(config)
    password.write_text(content)
    found = Diagnosis(read_settings(config))
    line = f"mqtt.password_file: {password}: {fault}; write only the broker's password there"
    assert line in found.warnings
    assert found.has_password == bool(content.strip())
    assert not found.problems


def test_check_rejects_two_lines_in_the_services_password_file(
    install: Install, config: Path
) -> None:
    config.write_text("mqtt: {username: box}\n")
    password = install(config)
    password.write_text("box\ns3cret\n")
    found = Diagnosis(read_settings(config))
    (problem,) = found.problems
    assert str(problem).startswith(f"mqtt.password_file: {password}: more than one line; ")
    assert not found.has_password


def test_forget_uses_the_services_password(
    install: Install, start_broker: StartBroker, tmp_path: Path
) -> None:
    passwords = make_password_file(tmp_path, "box", "s3cret")
    broker = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}, username: box}}\n")
    install(config)
    with pytest.raises(InputError, match="the broker has no node attic"):
        forget(load(config), ATTIC.name, config)
    with pytest.raises(InputError, match="answers Not authorized"):
        forget(load(config), ATTIC.name)
