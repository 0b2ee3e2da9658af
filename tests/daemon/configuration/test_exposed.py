"""Files with secrets that everybody on the machine can read."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.configuration.exposed import exposed
from daemon.configuration.settings_file import load
from daemon.system import installation

CAMERA = "sources: [{name: hall, url: 'rtsp://me:pw@camera/1'}]\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter; those of pytest are its user's own."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="a folder ") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def said(folder: Path, text: str, mode: int = 0o600) -> list[str]:
    config = folder / "timbrel.yaml"
    config.write_text(text)
    config.chmod(mode)
    return list(exposed(load(config), config))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o666])
def test_a_password_and_a_key_that_all_can_read_are_named_with_a_command(
    mode: int, folder: Path
) -> None:
    for name in ("password", "key"):
        (folder / name).touch()
        (folder / name).chmod(mode)
    text = f"mqtt: {{password_file: '{folder}/password', tls: {{key_file: '{folder}/key'}}}}"
    everybody = "every user of this machine can read"
    assert said(folder, text) == [
        f"mqtt.password_file: {everybody} {folder}/password; chmod 600 '{folder}/password'",
        f"mqtt.tls.key_file: {everybody} {folder}/key; chmod 600 '{folder}/key'",
    ]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400])
def test_what_only_its_owner_and_group_can_read_is_not_named(mode: int, folder: Path) -> None:
    (folder / "password").touch()
    (folder / "password").chmod(mode)
    assert said(folder, f"mqtt: {{password_file: '{folder}/password'}}") == []


def test_what_a_closed_folder_hides_is_not_named(folder: Path) -> None:
    (folder / "password").touch()
    (folder / "password").chmod(0o644)
    folder.chmod(0o700)
    assert said(folder, f"mqtt: {{password_file: '{folder}/password'}}") == []


def test_a_file_that_is_not_there_is_not_named(folder: Path) -> None:
    assert said(folder, f"mqtt: {{password_file: '{folder}/password'}}") == []


def test_a_configuration_with_a_cameras_login_is_named(folder: Path) -> None:
    (line,) = said(folder, CAMERA, 0o644)
    config = folder / "timbrel.yaml"
    problem = "every user of this machine can read the cameras' passwords in it"
    remedy = f"chmod 600 '{config}'"
    if os.getuid() == 0 and installation.service_group() is not None:
        remedy = f"chgrp audio '{config}' && chmod 640 '{config}'"
    assert line == f"{config}: {problem}; {remedy}"
    assert said(folder, CAMERA, 0o640) == []
    assert said(folder, CAMERA.replace("me:pw@", ""), 0o644) == []
    assert said(folder, "", 0o644) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file to a group")
def test_the_service_may_read_what_the_remedy_leaves_to_it(folder: Path) -> None:
    group = installation.service_group()
    if group is None:
        pytest.skip("this machine has no group audio")
    config = folder / "timbrel.yaml"
    config.write_text(CAMERA)
    config.chmod(0o640)
    assert installation.closed(config, [folder]) == config
    os.chown(config, 0, group)
    assert installation.closed(config, [folder]) is None
    config.chmod(0o604)
    assert installation.closed(config, [folder]) == config
