"""What `timbrel install-service` refuses, and which remedy it prints."""

import os
import re
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from daemon.commands.service import install_service
from daemon.errors import InputError
from daemon.system import installation
from tests.conftest import Timbrel
from tests.daemon.commands.service.test_install_service import fake_systemctl
from tests.daemon.commands.test_program import assert_refused


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
    assert_refused(done, f"cannot read {config}; run: {remedy}")
    subprocess.run(remedy, shell=True, check=True)  # noqa: S602
    done = timbrel("install-service", "--dry-run", "--root", root)
    assert done.returncode == 0, done.stderr
    assert not config.stat().st_mode & stat.S_IROTH


def test_finds_the_path_that_others_cannot_read(tmp_path: Path) -> None:
    folder = tmp_path / "closed" / "open"
    folder.mkdir(parents=True)
    file = folder / "file"
    file.touch()
    file.chmod(0o644)
    (tmp_path / "closed").chmod(0o700)
    assert installation.unreadable_path(file, []) == tmp_path / "closed"
    assert installation.unreadable_path(file, [folder]) is None
    file.chmod(0o600)
    assert installation.unreadable_path(file, [folder]) == file


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("audoi: {}", ["audoi", "did you mean audio?"]),
        ("model: {file: /nowhere/model.tflite}", ["/nowhere/model.tflite", "no such file"]),
        ("model: {notes_file: /nowhere/notes.tflite}", ["/nowhere/notes.tflite", "no such file"]),
        ("model: {genre_file: /nowhere/genre.tflite}", ["/nowhere/genre.tflite", "no such file"]),
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
    assert_refused(timbrel("install-service", "--root", root, env=environment), *words)
    assert not (root / "etc/systemd").exists()


def test_configuration_in_a_home_is_refused(timbrel: Timbrel) -> None:
    done = timbrel("install-service", "--dry-run", "--config", "/home/pi/timbrel.yaml")
    assert_refused(done, "/home/pi/timbrel.yaml", "--user", "/etc/timbrel/timbrel.yaml")
    assert_refused(timbrel("install-service", "--user", "--root", "/srv"), "--root", "--user")


def test_machine_without_systemd_gets_alternative_command(tmp_path: Path, timbrel: Timbrel) -> None:
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = timbrel("install-service", env=environment)
    assert_refused(done, "does not run systemd", "timbrel run --config /etc/timbrel/timbrel.yaml")
    done = timbrel("install-service", "--config", "/srv/my settings.yaml", env=environment)
    assert_refused(done, "`timbrel run --config '/srv/my settings.yaml'`")


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
    assert_refused(done, "it is masked", "journalctl -u timbrel", code=1)
