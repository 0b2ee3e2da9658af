"""The service as it would be installed: what is written and run, and what systemd says of it."""

import os
import re
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from daemon.commands import install_service
from daemon.errors import InputError
from daemon.system import installation, unit
from tests.conftest import ROOT, Timbrel
from tests.daemon.commands.test_program import refused

SHIPPED = ROOT / "systemd" / "timbrel.service"
HOME = Path("/home/pi/timbrel/.venv")
DEFAULT_SECRETS = {"mqtt_password": unit.PASSWORD}
MOST_EXPOSED = 1.6

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
needs_systemctl = pytest.mark.skipif(
    shutil.which("systemctl") is None, reason="systemctl is not installed"
)


def values(text: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def written(output: str) -> dict[str, str]:
    """The files of a dry run, by path."""
    parts = re.split(r"^# (/.+), mode \d{4}:\n", output, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def program_of(text: str) -> Path:
    """The program that a unit starts, its quotes and doubled percent signs undone."""
    return Path(shlex.split(values(text, "ExecStart")[0])[0].replace("%%", "%"))


def commands(output: str) -> list[list[str]]:
    """The commands of a dry run, each as a shell would split it."""
    return [shlex.split(line) for line in re.findall(r"^# run: (.*)$", output, re.MULTILINE)]


def fake_systemctl(folder: Path, body: str) -> dict[str, str]:
    """An environment whose systemctl is a shell script."""
    folder.mkdir()
    script = folder / "systemctl"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def unit_of_here(timbrel: Timbrel, folder: Path, *options: str | Path) -> str:
    """The unit for this interpreter's own program, whatever is configured on this machine."""
    environment = {**os.environ, "HOME": str(folder)}
    environment.pop("XDG_CONFIG_HOME", None)
    done = timbrel("install-service", "--dry-run", *options, env=environment)
    assert done.returncode == 0, done.stderr
    return next(iter(written(done.stdout).values()))


def test_unit_in_repository_equals_installed_unit() -> None:
    program = Path("/opt/timbrel/.venv/bin/timbrel")
    assert unit.system_unit(program, unit.CONFIG, DEFAULT_SECRETS, []) == SHIPPED.read_text()


def test_unit_allows_only_the_health_port(tmp_path: Path, timbrel: Timbrel) -> None:
    tmp_path.chmod(0o755)
    config = tmp_path / "etc" / "timbrel" / "timbrel.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("health: {port: 9464}\n")
    lines = unit_of_here(timbrel, tmp_path, "--root", tmp_path).splitlines()
    assert [line for line in lines if line.startswith("SocketBind")] == [
        "SocketBindDeny=any",
        "SocketBindAllow=ipv4:tcp:9464",
    ]


def test_reinstall_raises_memory_limits_for_each_url(tmp_path: Path, timbrel: Timbrel) -> None:
    root = tmp_path / "system"
    environment = fake_systemctl(tmp_path / "bin", "true")
    timbrel("install-service", "--root", root, env=environment)
    written_unit = root / "etc/systemd/system/timbrel.service"
    keys = ("MemoryHigh", "MemoryMax", "TasksMax")
    assert [values(written_unit.read_text(), key) for key in keys] == [["224M"], ["256M"], ["64"]]
    tmp_path.chmod(0o755)
    (root / "etc/timbrel/timbrel.yaml").write_text(
        "sources:\n"
        "  - {name: hall, url: 'rtsp://camera.local/1'}\n"
        "  - {name: radio, url: 'https://radio.local/1', ca_file: /etc/timbrel/ca.pem}\n"
        "  - {name: attic, device: default}\n"
    )
    refused(timbrel("install-service", "--root", root, env=environment), "ca.pem: no such file")
    (root / "etc/timbrel/ca.pem").touch(0o644)
    done = timbrel("install-service", "--root", root, env=environment)
    assert done.stdout.startswith("updated: ")
    assert [values(written_unit.read_text(), key) for key in keys] == [["320M"], ["352M"], ["80"]]


@pytest.mark.parametrize(("version", "expected"), [(0, []), (252, []), (253, []), (254, ["5"])])
def test_restarts_slow_down_if_systemd_supports_it(version: int, expected: list[str]) -> None:
    program = HOME / "bin" / "timbrel"
    system = unit.system_unit(program, unit.CONFIG, DEFAULT_SECRETS, [], systemd_version=version)
    user = unit.user_unit(program, unit.CONFIG, systemd_version=version)
    for text in (system, user):
        assert values(text, "RestartSec") == ["3"]
        assert values(text, "RestartSteps") == expected
        assert values(text, "RestartMaxDelaySec") == (["10"] if expected else [])


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
    assert values(done.stdout, "RestartSteps") == ([expected] if expected else [])


@pytest.mark.parametrize("name", ["system", "a system's 100 %"])
def test_dry_run_shows_every_file_and_command_and_writes_nothing(
    name: str, tmp_path: Path, timbrel: Timbrel
) -> None:
    root = tmp_path / name
    done = timbrel("install-service", "--dry-run", "--root", root)
    assert done.returncode == 0, done.stderr
    files = written(done.stdout)
    assert list(files) == [
        f"{root}/etc/systemd/system/timbrel.service",
        f"{root}/etc/timbrel/timbrel.yaml",
        f"{root}/etc/timbrel/mqtt-password",
    ]
    program = program_of(next(iter(files.values())))
    assert program.samefile(installation.program(of_user=False))
    assert commands(done.stdout) == [["systemctl", f"--root={root}", "enable", "timbrel.service"]]
    assert not root.exists()


def test_writes_what_dry_run_shows(tmp_path: Path, timbrel: Timbrel) -> None:
    root = tmp_path / "a system"
    environment = fake_systemctl(tmp_path / "bin", f'echo "$@" >> {tmp_path}/ran')
    shown = written(timbrel("install-service", "--dry-run", "--root", root).stdout)
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
        assert installation.closed(path, [root]) is None
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
    refused(done, "masqu", code=1)
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
    refused(timbrel("install-service", "--root", root, "--uninstall"), "not installed")


def test_user_service_is_in_the_users_home(tmp_path: Path, timbrel: Timbrel) -> None:
    environment = {**os.environ, "HOME": str(tmp_path)}
    environment.pop("XDG_CONFIG_HOME", None)
    done = timbrel("install-service", "--user", "--dry-run", env=environment)
    assert done.returncode == 0, done.stderr
    files = written(done.stdout)
    assert list(files) == [
        f"{tmp_path}/.config/systemd/user/timbrel.service",
        f"{tmp_path}/.config/timbrel/timbrel.yaml",
        f"{tmp_path}/.config/timbrel/mqtt-password",
    ]
    text = next(iter(files.values()))
    assert values(text, "DynamicUser") == []
    assert values(text, "WantedBy") == ["default.target"]
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
    text = next(iter(written(done.stdout).values()))
    handed = ["mqtt_password:/etc/secret", "mqtt_key:/etc/timbrel/me.key"]
    assert values(text, "LoadCredential") == handed
    assert "mqtt-password, mode" not in done.stdout
    certificate.chmod(0o600)
    refused(
        timbrel("install-service", "--dry-run", "--root", root),
        f"cannot read {certificate}",
        f"chmod o+r '{certificate}'",
    )


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file to a group")
def test_remedy_opens_configuration_to_service_only(tmp_path: Path, timbrel: Timbrel) -> None:
    if installation.service_group() is None:
        pytest.skip("this machine has no group audio")
    root = tmp_path / "a system"
    config = root / "etc/timbrel/timbrel.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("sources: [{name: hall, url: 'rtsp://me:S3cret@camera/1'}]\n")
    config.chmod(0o600)
    done = timbrel("install-service", "--dry-run", "--root", root)
    remedy = f"chgrp audio '{config}' && chmod 640 '{config}'"
    refused(done, f"cannot read {config}; run: {remedy}")
    subprocess.run(remedy, shell=True, check=True)  # noqa: S602
    done = timbrel("install-service", "--dry-run", "--root", root)
    assert done.returncode == 0, done.stderr
    assert not config.stat().st_mode & stat.S_IROTH


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


def test_unit_hides_homes_except_needed_folders() -> None:
    program = HOME / "bin" / "timbrel"
    hidden = installation.hidden(
        [HOME, HOME / "lib" / "daemon", Path("/usr"), Path("/root/.pyenv/versions/3.12")]
    )
    assert hidden == [HOME, Path("/root/.pyenv/versions/3.12")]
    text = unit.system_unit(program, unit.CONFIG, DEFAULT_SECRETS, hidden)
    assert values(text, "ProtectHome") == ["tmpfs"]
    assert values(text, "BindReadOnlyPaths") == [f"{HOME} /root/.pyenv/versions/3.12"]


def test_finds_the_path_that_others_cannot_read(tmp_path: Path) -> None:
    folder = tmp_path / "closed" / "open"
    folder.mkdir(parents=True)
    file = folder / "file"
    file.touch()
    file.chmod(0o644)
    (tmp_path / "closed").chmod(0o700)
    assert installation.closed(file, []) == tmp_path / "closed"
    assert installation.closed(file, [folder]) is None
    file.chmod(0o600)
    assert installation.closed(file, [folder]) == file


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("audoi: {}", ["audoi", "did you mean audio?"]),
        ("model: {file: /nowhere/model.tflite}", ["/nowhere/model.tflite", "no such file"]),
    ],
)
def test_invalid_configuration_is_refused_before_writing(
    yaml: str, words: list[str], tmp_path: Path, timbrel: Timbrel
) -> None:
    root = tmp_path / "system"
    config = root / "etc/timbrel/timbrel.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(yaml)
    environment = fake_systemctl(tmp_path / "bin", "true")
    refused(timbrel("install-service", "--root", root, env=environment), *words)
    assert not (root / "etc/systemd").exists()


def test_configuration_in_a_home_is_refused(timbrel: Timbrel) -> None:
    done = timbrel("install-service", "--dry-run", "--config", "/home/pi/timbrel.yaml")
    refused(done, "/home/pi/timbrel.yaml", "--user", "/etc/timbrel/timbrel.yaml")
    refused(timbrel("install-service", "--user", "--root", "/srv"), "--root", "--user")


def test_machine_without_systemd_gets_alternative_command(tmp_path: Path, timbrel: Timbrel) -> None:
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = timbrel("install-service", env=environment)
    refused(done, "does not run systemd", "timbrel run --config /etc/timbrel/timbrel.yaml")
    done = timbrel("install-service", "--config", "/srv/my settings.yaml", env=environment)
    refused(done, "`timbrel run --config '/srv/my settings.yaml'`")


def test_example_configuration_contains_quoted_check_command(
    tmp_path: Path, timbrel: Timbrel
) -> None:
    config = Path("/srv/my settings.yaml")
    arguments = ("install-service", "--dry-run", "--root", tmp_path, "--config", config)
    files = written(timbrel(*arguments).stdout)
    assert f"`timbrel check '{config}'`" in files[f"{tmp_path}{config}"]


@pytest.mark.parametrize("options", [[], ["--uninstall"]])
def test_missing_permission_is_reported_with_sudo_command(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, root = tmp_path / "my timbrel" / "bin" / "timbrel", tmp_path / "a system"
    config = Path("/srv/my settings.yaml")
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr("shutil.which", lambda _: "/bin/systemctl")
    monkeypatch.setattr(installation, "program", lambda **_: program)
    with pytest.raises(InputError, match=r"only root can write") as refusal:
        install_service.install_service(
            config, root, of_user=False, uninstall=bool(options), dry_run=False
        )
    named = re.search(r"run: (sudo .*); or use --user", str(refusal.value))
    assert named
    assert shlex.split(named[1]) == [
        "sudo",
        str(program),
        "install-service",
        *options,
        *("--root", str(root)),
        *("--config", str(config)),
    ]


def test_error_of_systemctl_is_reported(tmp_path: Path, timbrel: Timbrel) -> None:
    environment = fake_systemctl(tmp_path / "bin", "echo it is masked >&2; exit 1")
    done = timbrel("install-service", "--root", tmp_path / "system", env=environment)
    refused(done, "it is masked", "journalctl -u timbrel", code=1)


def systemd_version() -> int:
    done = subprocess.run(
        ["systemd-analyze", "--version"], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[1])


@needs_analyze
def test_systemd_accepts_the_system_unit(tmp_path: Path, timbrel: Timbrel) -> None:
    strange = tmp_path / "with space, 100% and $HOME" / "bin"
    strange.mkdir(parents=True)
    program = strange / "timbrel"
    shutil.copy("/bin/true", program)
    units = {
        "here": unit_of_here(timbrel, tmp_path, "--root", tmp_path / "system"),
        "strange": unit.system_unit(program, strange / "a.yaml", DEFAULT_SECRETS, [strange]),
        "port": unit.system_unit(program, unit.CONFIG, DEFAULT_SECRETS, [], 9464),
        "urls": unit.system_unit(
            *(program, unit.CONFIG, DEFAULT_SECRETS, []),
            urls=40,
            systemd_version=systemd_version(),
        ),
    }
    for name, text in units.items():
        file = tmp_path / name / unit.NAME
        file.parent.mkdir()
        file.write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", file],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == "", name
        assert done.returncode == 0, name


@needs_analyze
def test_systemd_accepts_the_user_unit(tmp_path: Path, timbrel: Timbrel) -> None:
    file = tmp_path / unit.NAME
    file.write_text(unit_of_here(timbrel, tmp_path, "--user"))
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", "--man=no", file],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


@needs_analyze
@pytest.mark.parametrize("hidden", [[], [HOME]])
def test_unit_has_low_exposure_level(hidden: list[Path], tmp_path: Path) -> None:
    file = tmp_path / unit.NAME
    file.write_text(unit.system_unit(HOME / "timbrel", unit.CONFIG, DEFAULT_SECRETS, hidden))
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", file],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"exposure level for timbrel.service: ([\d.]+)", done.stdout)
    assert found, done.stdout
    assert float(found[1]) <= MOST_EXPOSED


def test_units_lack_options_that_break_sound_or_inference() -> None:
    for name in ("timbrel.service", "timbrel-user.service"):
        text = (ROOT / "daemon" / "system" / "units" / name).read_text()
        assert values(text, "MemoryDenyWriteExecute") == []
        assert values(text, "ProcSubset") == []
        assert values(text, "PrivateDevices") == []
        assert values(text, "RestartPreventExitStatus") == ["2"]
        assert values(text, "Type") == ["notify"]
        # The kernel ends a decoder that takes too much, and systemd must not end the rest.
        assert values(text, "OOMPolicy") == ["continue"]
        assert values(text, "KillMode") == ["mixed"]
