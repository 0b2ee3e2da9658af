"""Warnings about files with secrets that every user of the machine can read."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.configuration.exposed_secrets import exposed_secrets
from daemon.configuration.settings_file import load
from daemon.system import installation

CAMERA = "sources: [{name: hall, url: 'rtsp://me:pw@camera/1'}]\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter; only the current user may enter those of pytest."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="a folder ") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def warnings(folder: Path, text: str, mode: int = 0o600) -> list[str]:
    config = folder / "timbrel.yaml"
    config.write_text(text)
    config.chmod(mode)
    return list(exposed_secrets(load(config), config))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o666])
def test_world_readable_password_and_key_are_reported_with_the_remedy(
    mode: int, folder: Path
) -> None:
    for name in ("password", "key"):
        (folder / name).touch()
        (folder / name).chmod(mode)
    text = f"mqtt: {{password_file: '{folder}/password', tls: {{key_file: '{folder}/key'}}}}"
    everybody = "every user of this machine can read"
    assert warnings(folder, text) == [
        f"mqtt.password_file: {everybody} {folder}/password; chmod 600 '{folder}/password'",
        f"mqtt.tls.key_file: {everybody} {folder}/key; chmod 600 '{folder}/key'",
    ]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400])
def test_file_closed_to_other_users_is_not_reported(mode: int, folder: Path) -> None:
    (folder / "password").touch()
    (folder / "password").chmod(mode)
    assert warnings(folder, f"mqtt: {{password_file: '{folder}/password'}}") == []


def test_file_in_a_closed_folder_is_not_reported(folder: Path) -> None:
    (folder / "password").touch()
    (folder / "password").chmod(0o644)
    folder.chmod(0o700)
    assert warnings(folder, f"mqtt: {{password_file: '{folder}/password'}}") == []


def test_missing_file_is_not_reported(folder: Path) -> None:
    assert warnings(folder, f"mqtt: {{password_file: '{folder}/password'}}") == []


def test_world_readable_configuration_with_a_camera_login_is_reported(folder: Path) -> None:
    (line,) = warnings(folder, CAMERA, 0o644)
    config = folder / "timbrel.yaml"
    problem = "every user of this machine can read the cameras' passwords in it"
    remedy = f"chmod 600 '{config}'"
    if os.getuid() == 0 and installation.service_group() is not None:
        remedy = f"chgrp audio '{config}' && chmod 640 '{config}'"
    assert line == f"{config}: {problem}; {remedy}"
    assert warnings(folder, CAMERA, 0o640) == []
    assert warnings(folder, CAMERA.replace("me:pw@", ""), 0o644) == []
    assert warnings(folder, "", 0o644) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file to a group")
def test_service_can_read_the_configuration_after_the_remedy(folder: Path) -> None:
    group = installation.service_group()
    if group is None:
        pytest.skip("this machine has no group audio")
    config = folder / "timbrel.yaml"
    config.write_text(CAMERA)
    config.chmod(0o640)
    assert installation.unreadable_path(config, [folder]) == config
    os.chown(config, 0, group)
    assert installation.unreadable_path(config, [folder]) is None
    config.chmod(0o604)
    assert installation.unreadable_path(config, [folder]) == config
