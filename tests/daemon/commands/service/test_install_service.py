"""`timbrel install-service`: the files and commands, and what systemd reports about the unit."""

import os
import re
import shlex
import shutil
import stat
from pathlib import Path

import pytest

from daemon.commands.service import install_service
from daemon.system import installation
from tests.conftest import Timbrel
from tests.daemon.commands.test_program import assert_refused

needs_systemctl = pytest.mark.skipif(
    shutil.which("systemctl") is None, reason="systemctl is not installed"
)


def unit_values(text: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def parse_files(output: str) -> dict[str, str]:
    """Return the files in the output of a dry run, by path."""
    parts = re.split(r"^# (/.+), mode \d{4}:\n", output, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def program_of(text: str) -> Path:
    """Return the program that a unit starts, without systemd's quoting."""
    return Path(shlex.split(unit_values(text, "ExecStart")[0])[0].replace("%%", "%"))


def parse_commands(output: str) -> list[list[str]]:
    """Return the commands in the output of a dry run, split into words as a shell does."""
    return [shlex.split(line) for line in re.findall(r"^# run: (.*)$", output, re.MULTILINE)]


def fake_systemctl(folder: Path, body: str) -> dict[str, str]:
    """Return an environment in which systemctl is a shell script with the given body."""
    folder.mkdir()
    script = folder / "systemctl"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def installed_unit(timbrel: Timbrel, folder: Path, *options: str | Path) -> str:
    """Return the unit for this interpreter's program, independent of the user's configuration."""
    environment = {**os.environ, "HOME": str(folder)}
    environment.pop("XDG_CONFIG_HOME", None)
    done = timbrel("install-service", "--dry-run", *options, env=environment)
    assert done.returncode == 0, done.stderr
    return next(iter(parse_files(done.stdout).values()))


def test_unit_allows_only_the_health_port(tmp_path: Path, timbrel: Timbrel) -> None:
    tmp_path.chmod(0o755)
    config = tmp_path / "etc" / "timbrel" / "timbrel.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("health: {port: 9464}\n")
    lines = installed_unit(timbrel, tmp_path, "--root", tmp_path).splitlines()
    assert [line for line in lines if line.startswith("SocketBind")] == [
        "SocketBindDeny=any",
        "SocketBindAllow=ipv4:tcp:9464",
    ]


def test_unit_allows_the_port_of_the_page_and_passes_its_password(
    tmp_path: Path, timbrel: Timbrel
) -> None:
    tmp_path.chmod(0o755)
    config = tmp_path / "etc" / "timbrel" / "timbrel.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("web: {port: 8324}\n")
    unit = installed_unit(timbrel, tmp_path, "--root", tmp_path)
    assert "SocketBindDeny=any\nSocketBindAllow=ipv4:tcp:8324\n" in unit
    assert "LoadCredential=web_password:/etc/timbrel/web-password\n" in unit

    config.write_text("web: {port: 8324, password_file: /etc/timbrel/other}\n")
    done = timbrel("install-service", "--dry-run", "--root", tmp_path)
    assert done.returncode == 2
    assert "web.password_file: /etc/timbrel/other: no such file" in done.stderr


def test_reinstall_raises_memory_limits_for_each_url(tmp_path: Path, timbrel: Timbrel) -> None:
    root = tmp_path / "system"
    environment = fake_systemctl(tmp_path / "bin", "true")
    timbrel("install-service", "--root", root, env=environment)
    written_unit = root / "etc/systemd/system/timbrel.service"
    keys = ("MemoryHigh", "MemoryMax", "TasksMax")
    assert [unit_values(written_unit.read_text(), key) for key in keys] == [
        ["224M"],
        ["256M"],
        ["64"],
    ]
    tmp_path.chmod(0o755)
    (root / "etc/timbrel/timbrel.yaml").write_text(
        "sources:\n"
        "  - {name: hall, url: 'rtsp://camera.local/1'}\n"
        "  - {name: radio, url: 'https://radio.local/1', ca_file: /etc/timbrel/ca.pem}\n"
        "  - {name: attic, device: default}\n"
    )
    assert_refused(
        timbrel("install-service", "--root", root, env=environment), "ca.pem: no such file"
    )
    (root / "etc/timbrel/ca.pem").touch(0o644)
    done = timbrel("install-service", "--root", root, env=environment)
    assert done.stdout.startswith("updated: ")
    assert [unit_values(written_unit.read_text(), key) for key in keys] == [
        ["320M"],
        ["352M"],
        ["80"],
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [("echo 'systemd 257 (257.9-1)'", "5"), ("echo 'systemd 252 (252.39-1~deb12u2)'", None)],
)
def test_running_systemd_decides_which_keys_are_written(
    body: str, expected: str | None, tmp_path: Path, timbrel: Timbrel
) -> None:
    environment = {**fake_systemctl(tmp_path / "bin", body), "HOME": str(tmp_path)}
    environment.pop("XDG_CONFIG_HOME", None)
    done = timbrel("install-service", "--user", "--dry-run", env=environment)
    assert done.returncode == 0, done.stderr
    assert unit_values(done.stdout, "RestartSteps") == ([expected] if expected else [])


@pytest.mark.parametrize("name", ["system", "a system's 100 %"])
def test_dry_run_shows_every_file_and_command_and_writes_nothing(
    name: str, tmp_path: Path, timbrel: Timbrel
) -> None:
    root = tmp_path / name
    done = timbrel("install-service", "--dry-run", "--root", root)
    assert done.returncode == 0, done.stderr
    files = parse_files(done.stdout)
    assert list(files) == [
        f"{root}/etc/systemd/system/timbrel.service",
        f"{root}/etc/timbrel/timbrel.yaml",
        f"{root}/etc/timbrel/mqtt-password",
    ]
    program = program_of(next(iter(files.values())))
    assert program.samefile(installation.program(of_user=False))
    assert parse_commands(done.stdout) == [
        ["systemctl", f"--root={root}", "enable", "timbrel.service"]
    ]
    assert not root.exists()


def test_writes_what_dry_run_shows(tmp_path: Path, timbrel: Timbrel) -> None:
    root = tmp_path / "a system"
    environment = fake_systemctl(tmp_path / "bin", f'echo "$@" >> {tmp_path}/ran')
    shown = parse_files(timbrel("install-service", "--dry-run", "--root", root).stdout)
    done = timbrel("install-service", "--root", root, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("installed: ")
    for path, text in shown.items():
        assert Path(path).read_text().strip() == text.partition("\n# run:")[0].strip()
    assert (tmp_path / "ran").read_text() == f"--root={root} enable timbrel.service\n"
    settings = next(line for line in done.stdout.splitlines() if line.startswith("settings:"))
    then = ["systemctl", f"--root={root}", "restart", "timbrel"]
    assert shlex.split(settings.partition(", then ")[2]) == then
    mode = stat.S_IMODE((root / "etc/timbrel/mqtt-password").stat().st_mode)
    assert mode == 0o600
    check = timbrel("check", root / "etc/timbrel/timbrel.yaml")
    assert check.returncode == 0, check.stderr


def test_second_install_updates_unit_and_keeps_edited_files(
    tmp_path: Path, timbrel: Timbrel
) -> None:
    root = tmp_path / "system"
    environment = fake_systemctl(tmp_path / "bin", "true")
    timbrel("install-service", "--root", root, env=environment)
    config, password = root / "etc/timbrel/timbrel.yaml", root / "etc/timbrel/mqtt-password"
    config.write_text("name: attic\n")
    password.write_text("secret\n")
    (root / "etc/systemd/system/timbrel.service").write_text("old")
    done = timbrel("install-service", "--root", root, env=environment)
    assert done.stdout.startswith("updated: ")
    assert config.read_text() == "name: attic\n"
    assert password.read_text() == "secret\n"
    assert "Type=notify" in (root / "etc/systemd/system/timbrel.service").read_text()


def test_written_files_are_readable_under_strict_umask(tmp_path: Path, timbrel: Timbrel) -> None:
    root = tmp_path / "system"
    environment = fake_systemctl(tmp_path / "bin", "true")
    done = timbrel("install-service", "--root", root, env=environment, umask=0o077)
    assert done.returncode == 0, done.stderr
    for path in (root / "etc/timbrel/timbrel.yaml", root / "etc/systemd/system/timbrel.service"):
        assert installation.unreadable_path(path, [root]) is None
    assert stat.S_IMODE((root / "etc/timbrel/mqtt-password").stat().st_mode) == 0o600
    again = timbrel("install-service", "--root", root, env=environment, umask=0o077)
    assert again.stdout.startswith("updated: "), again.stderr


def test_writes_non_ascii_text_in_every_locale(tmp_path: Path, timbrel: Timbrel) -> None:
    root = tmp_path / os.fsdecode("système".encode())
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    body = f'echo "$@" >> {tmp_path}/ran; echo "● masqué" >&2; exit 1'
    environment = fake_systemctl(tmp_path / "bin", body) | ascii_only
    config = Path(os.fsdecode("/srv/müsik.yaml".encode()))
    done = timbrel("install-service", "--root", root, "--config", config, env=environment)
    assert_refused(done, "masqu", code=1)
    written = (root / "etc/systemd/system/timbrel.service").read_text()
    assert '--config "/srv/müsik.yaml"' in written
    assert "/srv/müsik.yaml" in (root / config.relative_to("/")).read_text()


@needs_systemctl
def test_enables_and_removes_service_in_another_root(tmp_path: Path, timbrel: Timbrel) -> None:
    root = tmp_path / "system"
    wants = root / "etc/systemd/system/multi-user.target.wants/timbrel.service"
    assert timbrel("install-service", "--root", root).returncode == 0
    assert wants.is_symlink()
    done = timbrel("install-service", "--root", root, "--uninstall")
    assert done.returncode == 0, done.stderr
    assert not wants.is_symlink()
    assert not (root / "etc/systemd/system/timbrel.service").exists()
    assert (root / "etc/timbrel/timbrel.yaml").exists()
    assert_refused(timbrel("install-service", "--root", root, "--uninstall"), "not installed")


def test_user_service_is_in_the_users_home(tmp_path: Path, timbrel: Timbrel) -> None:
    environment = {**os.environ, "HOME": str(tmp_path)}
    environment.pop("XDG_CONFIG_HOME", None)
    done = timbrel("install-service", "--user", "--dry-run", env=environment)
    assert done.returncode == 0, done.stderr
    files = parse_files(done.stdout)
    assert list(files) == [
        f"{tmp_path}/.config/systemd/user/timbrel.service",
        f"{tmp_path}/.config/timbrel/timbrel.yaml",
        f"{tmp_path}/.config/timbrel/mqtt-password",
    ]
    text = next(iter(files.values()))
    assert unit_values(text, "DynamicUser") == []
    assert unit_values(text, "WantedBy") == ["default.target"]
    assert "# run: systemctl --user restart timbrel.service" in done.stdout


def test_secrets_are_passed_as_credentials_and_others_must_be_readable(
    tmp_path: Path, timbrel: Timbrel
) -> None:
    root = tmp_path / "a system"
    folder = root / "etc/timbrel"
    folder.mkdir(parents=True)
    certificate = folder / "me.pem"
    certificate.touch(0o644)
    (folder / "timbrel.yaml").write_text(
        "mqtt:\n  password_file: /etc/secret\n"
        "  tls: {certificate_file: /etc/timbrel/me.pem, key_file: /etc/timbrel/me.key}\n"
    )
    done = timbrel("install-service", "--dry-run", "--root", root)
    assert done.returncode == 0, done.stderr
    text = next(iter(parse_files(done.stdout).values()))
    handed = ["mqtt_password:/etc/secret", "mqtt_key:/etc/timbrel/me.key"]
    assert unit_values(text, "LoadCredential") == handed
    assert "mqtt-password, mode" not in done.stdout
    certificate.chmod(0o600)
    assert_refused(
        timbrel("install-service", "--dry-run", "--root", root),
        f"cannot read {certificate}",
        f"chmod o+r '{certificate}'",
    )


def test_report_names_the_configured_password_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install_service, "_run", lambda _command, _place: None)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/systemctl")
    root = tmp_path / "system"
    folder = root / "etc/timbrel"
    folder.mkdir(parents=True)
    for text, expected in (
        ("name: attic\n", "etc/timbrel/mqtt-password"),
        ("mqtt: {password_file: /etc/secret}\n", "etc/secret"),
    ):
        (folder / "timbrel.yaml").write_text(text)
        install_service.install_service(None, root, of_user=False, uninstall=False, dry_run=False)
        assert f"password:  {root / expected}\n" in capsys.readouterr().out


def test_example_configuration_contains_quoted_check_command(
    tmp_path: Path, timbrel: Timbrel
) -> None:
    config = Path("/srv/my settings.yaml")
    arguments = ("install-service", "--dry-run", "--root", tmp_path, "--config", config)
    files = parse_files(timbrel(*arguments).stdout)
    assert f"`timbrel check '{config}'`" in files[f"{tmp_path}{config}"]
