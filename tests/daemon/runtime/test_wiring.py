"""The device that is built from the settings of a source."""

import threading
from pathlib import Path

import pytest

from daemon.configuration.settings import SourceSettings
from daemon.errors import InputError
from daemon.runtime.wiring import device_of
from daemon.sound.camera import Camera
from daemon.sound.microphone import Microphone
from daemon.sound.portaudio import PortAudio
from tests.conftest import Timbrel


def test_source_with_a_device_is_a_microphone() -> None:
    changed = threading.Condition()
    device = device_of(SourceSettings(name="a", device="usb:0d8c:0014"), PortAudio(), changed)
    assert isinstance(device, Microphone)


def test_source_with_a_url_is_a_camera() -> None:
    source = SourceSettings(name="hall", url="rtsp://camera.invalid/1")
    assert isinstance(device_of(source, PortAudio(), threading.Condition()), Camera)


def test_rejects_an_invalid_url() -> None:
    source = SourceSettings(name="hall", url="rtsp://camera.invalid:port/1")
    with pytest.raises(InputError, match="url"):
        device_of(source, PortAudio(), threading.Condition())


def test_check_names_the_source_with_an_invalid_url(timbrel: Timbrel, tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text('sources: [{name: hall, url: "rtsp://u:secret@camera.invalid:port/1"}]\n')
    done = timbrel("check", config)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        f"timbrel: {config}, line 1: sources.0.url: not an address with a host; "
    )
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("url: 'rtsps://u:secret@hall.invalid/1'", "hall.invalid, certificate not verified"),
        ("url: 'rtsps://hall.invalid/1', tls_verify: true", "hall.invalid, certificate verified"),
        ("url: 'https://hall.invalid/1'", "hall.invalid, certificate verified"),
        ("url: 'rtsp://hall.invalid/1'", "hall.invalid\n"),
    ],
)
def test_check_shows_if_the_certificate_is_verified(
    source: str, words: str, timbrel: Timbrel, tmp_path: Path
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"sources: [{{name: hall, {source}}}]\n")
    done = timbrel("check", config)
    assert done.returncode == 0, done.stderr
    assert f"the camera at {words}" in done.stdout
    assert "secret" not in done.stdout


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("url: 'http://hall.invalid/1', tls_verify: true", "http:// is not encrypted"),
        ("url: 'https://hall.invalid/1', ca_file: /nowhere.pem", "ca_file: /nowhere.pem: No such"),
        ("device: default, tls_verify: true", "tls_verify and ca_file are for a url"),
    ],
)
def test_rejects_invalid_tls_settings_of_a_place(
    source: str, words: str, timbrel: Timbrel, tmp_path: Path
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"sources: [{{name: hall, {source}}}]\n")
    done = timbrel("check", config)
    assert done.returncode == 2
    assert f"{config}, line 1: " in done.stderr
    assert words in done.stderr
