"""Warnings about outdated copies of the password and the key, with the remedy."""

import os
from pathlib import Path

import pytest

from daemon.commands.check.diagnosis import Diagnosis
from daemon.configuration import startup_files
from daemon.configuration.settings import MqttSettings, TlsSettings
from daemon.configuration.settings_file import read_settings
from daemon.configuration.startup_files import outdated_copies
from daemon.system import systemd, unit

NO_WARNING = None


class Service:
    """An installed unit and systemd's copies of the password and the key.

    `os.access` is patched, because root may read every file.
    """

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
        monkeypatch.setattr(startup_files, "_UNITS", self.units)
        access = os.access
        closed = {self.source, self.key, folder / "moved", folder / "absent"}
        monkeypatch.setattr(
            os, "access", lambda path, mode: Path(path) not in closed and access(path, mode)
        )

    def warning_for(self, password_file: Path | None) -> str | None:
        name = None if password_file is None else str(password_file)
        return self.warning(MqttSettings(password_file=name))

    def warning(self, mqtt: MqttSettings) -> str | None:
        lines = list(outdated_copies(mqtt, self.environment))
        assert len(lines) < 2
        return lines[0] if lines else NO_WARNING


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    return Service(tmp_path, monkeypatch)


def test_does_not_warn_about_a_current_copy(service: Service) -> None:
    assert service.warning_for(service.source) is NO_WARNING
    assert service.warning_for(None) is NO_WARNING


def test_warns_if_the_unit_names_another_file(service: Service, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    service.source.rename(moved)
    warning = service.warning_for(moved)
    assert warning is not None
    assert warning.startswith(
        f"mqtt.password_file: {moved}: this service cannot read it and uses a copy of "
        f"{service.source}; run: sudo "
    )
    assert warning.endswith("install-service")


def test_drop_in_overrides_the_units_file(service: Service, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.write_text("s3cret")
    drop_in = service.units / f"{unit.NAME}.d" / "password.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(f"[Service]\nLoadCredential=mqtt_password:{moved}\n")
    copy = Path(service.environment["CREDENTIALS_DIRECTORY"], systemd.PASSWORD_CREDENTIAL)
    copy.write_text("s3cret")
    assert service.warning_for(moved) is NO_WARNING
    assert "uses a copy of" in str(service.warning_for(service.source))


@pytest.mark.parametrize("is_named", [True, False])
def test_warns_if_the_file_changed_after_the_start(service: Service, *, is_named: bool) -> None:
    copy = Path(service.environment["CREDENTIALS_DIRECTORY"], systemd.PASSWORD_CREDENTIAL)
    while service.source.stat().st_ctime <= copy.stat().st_ctime:
        service.source.write_text("changed")
    assert service.warning_for(service.source if is_named else None) == (
        f"mqtt.password_file: {service.source} has changed, but this service uses a copy from its "
        "start; run: systemctl restart timbrel"
    )


def test_warns_if_the_key_changed_or_moved(service: Service, tmp_path: Path) -> None:
    def warning(key: Path) -> str | None:
        tls = TlsSettings(certificate_file="me.pem", key_file=str(key))
        return service.warning(MqttSettings(tls=tls))

    assert warning(service.key) is NO_WARNING
    copy = Path(service.environment["CREDENTIALS_DIRECTORY"], systemd.KEY_CREDENTIAL)
    while service.key.stat().st_ctime <= copy.stat().st_ctime:
        service.key.write_text("renewed")
    assert str(warning(service.key)).startswith(
        f"mqtt.tls.key_file: {service.key} has changed, but"
    )
    moved = tmp_path / "moved"
    service.key.rename(moved)
    expected = f"mqtt.tls.key_file: {moved}: this service cannot read it and uses a copy of"
    assert str(warning(moved)).startswith(expected)


def test_does_not_warn_if_the_service_can_read_the_file(service: Service, tmp_path: Path) -> None:
    (tmp_path / "own").write_text("s3cret")
    assert service.warning_for(tmp_path / "own") is NO_WARNING


def test_does_not_warn_without_a_service_manager(service: Service, tmp_path: Path) -> None:
    assert not list(outdated_copies(MqttSettings(password_file=str(tmp_path / "absent")), {}))
    (service.units / unit.NAME).unlink()
    assert service.warning_for(tmp_path / "absent") is NO_WARNING


def test_check_warns_about_a_service_with_a_copy_of_another_file(
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
