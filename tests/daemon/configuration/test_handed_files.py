"""The service's copy of the password: seen to be old, and what to do then."""

import os
from pathlib import Path

import pytest

from daemon.commands.check.diagnosis import Diagnosis
from daemon.configuration import handed_files
from daemon.configuration.handed_files import outdated_copies
from daemon.configuration.settings import MqttSettings, TlsSettings
from daemon.configuration.settings_file import read_settings
from daemon.system import systemd, unit

NOTHING_SEEN = None


class Service:
    """A unit and its copy of the password, both as systemd has them; root may read every file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.source = folder / "100% secret"
        self.source.write_text("s3cret")
        self.units = folder / "units"
        self.units.mkdir()
        self.key = folder / "me.key"
        self.key.write_text("key")
        secrets = {systemd.PASSWORD_CREDENTIAL: self.source, systemd.KEY_CREDENTIAL: self.key}
        text = unit.system_unit(Path("/opt/timbrel"), unit.CONFIG, secrets, [])
        (self.units / unit.NAME).write_text(text)
        credentials = folder / "credentials" / unit.NAME
        credentials.mkdir(parents=True)
        for credential in secrets:
            (credentials / credential).write_text("copy")
        self.environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
        monkeypatch.setattr(handed_files, "_UNITS", self.units)
        access = os.access
        closed = {self.source, self.key, folder / "moved", folder / "absent"}
        monkeypatch.setattr(
            os, "access", lambda path, mode: Path(path) not in closed and access(path, mode)
        )

    def outdated(self, password_file: Path | None) -> str | None:
        name = None if password_file is None else str(password_file)
        return self.line(MqttSettings(password_file=name))

    def line(self, mqtt: MqttSettings) -> str | None:
        lines = list(outdated_copies(mqtt, self.environment))
        assert len(lines) < 2
        return lines[0] if lines else NOTHING_SEEN


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    return Service(tmp_path, monkeypatch)


def test_a_copy_of_the_configured_file_is_current(service: Service) -> None:
    assert service.outdated(service.source) is NOTHING_SEEN
    assert service.outdated(None) is NOTHING_SEEN


def test_a_file_that_the_unit_does_not_name_is_mentioned(service: Service, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    service.source.rename(moved)
    said = service.outdated(moved)
    assert said is not None
    assert said.startswith(
        f"mqtt.password_file: {moved}: this service cannot read it and uses a copy of "
        f"{service.source}; run: sudo "
    )
    assert said.endswith("install-service")


def test_a_drop_in_of_the_unit_counts(service: Service, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.write_text("s3cret")
    drop_in = service.units / f"{unit.NAME}.d" / "password.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(f"[Service]\nLoadCredential=mqtt_password:{moved}\n")
    copy = Path(service.environment["CREDENTIALS_DIRECTORY"], systemd.PASSWORD_CREDENTIAL)
    copy.write_text("s3cret")
    assert service.outdated(moved) is NOTHING_SEEN
    assert "uses a copy of" in str(service.outdated(service.source))


@pytest.mark.parametrize("is_named", [True, False])
def test_a_file_that_changed_after_the_start_is_mentioned(
    service: Service, *, is_named: bool
) -> None:
    copy = Path(service.environment["CREDENTIALS_DIRECTORY"], systemd.PASSWORD_CREDENTIAL)
    while service.source.stat().st_ctime <= copy.stat().st_ctime:
        service.source.write_text("changed")
    assert service.outdated(service.source if is_named else None) == (
        f"mqtt.password_file: {service.source} has changed, but this service uses a copy from its "
        "start; run: systemctl restart timbrel"
    )


def test_a_key_that_changed_or_moved_is_mentioned(service: Service, tmp_path: Path) -> None:
    def line(key: Path) -> str | None:
        tls = TlsSettings(certificate_file="me.pem", key_file=str(key))
        return service.line(MqttSettings(tls=tls))

    assert line(service.key) is NOTHING_SEEN
    copy = Path(service.environment["CREDENTIALS_DIRECTORY"], systemd.KEY_CREDENTIAL)
    while service.key.stat().st_ctime <= copy.stat().st_ctime:
        service.key.write_text("renewed")
    assert str(line(service.key)).startswith(f"mqtt.tls.key_file: {service.key} has changed, but")
    moved = tmp_path / "moved"
    service.key.rename(moved)
    said = f"mqtt.tls.key_file: {moved}: this service cannot read it and uses a copy of"
    assert str(line(moved)).startswith(said)


def test_a_file_that_the_service_can_read_needs_no_copy(service: Service, tmp_path: Path) -> None:
    (tmp_path / "own").write_text("s3cret")
    assert service.outdated(tmp_path / "own") is NOTHING_SEEN


def test_without_a_service_manager_there_is_no_copy(service: Service, tmp_path: Path) -> None:
    assert not list(outdated_copies(MqttSettings(password_file=str(tmp_path / "absent")), {}))
    (service.units / unit.NAME).unlink()
    assert service.outdated(tmp_path / "absent") is NOTHING_SEEN


def test_check_mentions_a_service_with_a_copy_of_another_file(
    service: Service, tmp_path: Path
) -> None:
    config = tmp_path / "a folder" / "100%.yaml"
    config.parent.mkdir()
    secrets = {systemd.PASSWORD_CREDENTIAL: service.source}
    text = unit.system_unit(Path("/opt/timbrel"), config, secrets, [])
    (service.units / unit.NAME).write_text(text)
    moved = tmp_path / "moved"
    service.source.rename(moved)
    moved.chmod(0o600)
    config.write_text(f"mqtt: {{username: me, password_file: {moved}}}\n")
    said = f"mqtt.password_file: the installed service has a copy of {service.source} and uses"
    assert [w for w in Diagnosis(read_settings(config)).warnings if w.startswith(said)]
    config.write_text(f"mqtt: {{username: me, password_file: '{service.source}'}}\n")
    assert "installed service" not in "".join(Diagnosis(read_settings(config)).warnings)
    other = tmp_path / "other.yaml"
    other.write_text(f"mqtt: {{username: me, password_file: {moved}}}\n")
    assert "installed service" not in "".join(Diagnosis(read_settings(other)).warnings)
