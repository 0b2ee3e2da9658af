"""What is built from the settings of a source."""

import sys
import threading
from types import SimpleNamespace

import pytest

from daemon.commands.wiring import device_of
from daemon.microphone import Microphone
from daemon.portaudio import PortAudio
from daemon.settings import SourceSettings


def test_a_source_with_a_device_is_a_microphone() -> None:
    changed = threading.Condition()
    device = device_of(SourceSettings(name="a", device="usb:0d8c:0014"), PortAudio(), changed)
    assert isinstance(device, Microphone)


def test_a_source_with_a_url_is_a_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def camera(url: str, changed: threading.Condition) -> object:
        made.append((url, changed))
        return object()

    monkeypatch.setitem(sys.modules, "daemon.camera", SimpleNamespace(Camera=camera))
    changed = threading.Condition()
    device_of(SourceSettings(name="hall", url="rtsp://camera/1"), PortAudio(), changed)
    assert made == [("rtsp://camera/1", changed)]
