"""Find the device and format for a name, with a fake library and a list of devices."""

import threading
from pathlib import Path
from typing import Any

import pytest

from daemon.sound.microphone import Microphone
from daemon.sound.portaudio import Format, PortAudio
from daemon.sound.sound_cards import usb_card
from tests.daemon.sound.test_sound_cards import Sys


class Library:
    """Fake PortAudio: an output and inputs, of which USB has no 16 kHz and the last is busy."""

    class PortAudioError(Exception):
        pass

    DEVICES = tuple(
        {"name": name, "hostapi": api, "max_input_channels": most, "default_samplerate": rate_hz}
        for name, api, most, rate_hz in (
            ("Speakers: - (hw:0,0)", 0, 0, 48_000.0),
            ("USB Audio: - (hw:2,0)", 0, 4, 44_100.0),
            ("pulse", 0, 32, 44_100.0),
            ("sysdefault", 0, 128, 48_000.0),
            ("Array: 16 microphones (hw:3,0)", 0, 16, 48_000.0),
            ("MacBook Microphone", 1, 2, 48_000.0),
            ("Busy: - (hw:4,0)", 0, 2, 48_000.0),
        )
    )

    def query_hostapis(self, index: int) -> Any:
        return {"name": ("ALSA", "Core Audio")[index]}

    def query_devices(self, device: Any = None, kind: str = "") -> Any:
        if device is None and not kind:
            return self.DEVICES
        found = [
            d
            for n, d in enumerate(self.DEVICES)
            if device in (n, d["name"]) or (device is None and d["name"] == "pulse")
        ]
        if not found:
            raise ValueError(f"No input device matching {device!r}")
        return found[-1]

    def check_input_settings(self, device: Any, channels: int, samplerate: int) -> None:
        info = self.query_devices(device, "input")
        if samplerate != info["default_samplerate"] and "USB" in info["name"]:
            raise self.PortAudioError("Invalid sample rate")
        if "Busy" in info["name"] or channels > info["max_input_channels"]:
            raise self.PortAudioError("Invalid number of channels")


def format_for(name: str | int, channel: int | None = None) -> Format:
    return Microphone(name, channel, PortAudio(), threading.Condition())._format(Library())


@pytest.fixture(autouse=True)
def _usb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sys = Sys(tmp_path)
    sys.usb(2, "0d8c", "0014", "1-1.2", serial="A:1")
    sys.usb(0, "0d8c", "0015", "1-1.3")
    monkeypatch.setattr("daemon.sound.microphone.usb_card", lambda name: usb_card(name, sys.path))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("default", Format(None, 16_000, 1)),
        (2, Format(2, 16_000, 1)),
        ("pulse", Format("pulse", 16_000, 1)),
        ("pulse:attic.monitor", Format("pulse", 16_000, 1)),
        ("sysdefault", Format("sysdefault", 16_000, 1)),
        (1, Format(1, 44_100, 4)),
        ("usb:0d8c:0014", Format(1, 44_100, 4)),
        ("usb:0D8C:0014:A:1", Format(1, 44_100, 4)),
        (4, Format(4, 16_000, 8)),
        (5, Format(5, 16_000, 2)),
        (6, Format(6, 48_000, 2)),
    ],
)
def test_finds_the_device_for_each_kind_of_name(name: str | int, expected: Format) -> None:
    assert format_for(name) == expected


def test_opens_the_selected_channel_and_all_before_it() -> None:
    assert format_for("usb:0d8c:0014", 3) == Format(1, 44_100, 3)


@pytest.mark.parametrize(
    ("name", "channel", "reason"),
    [
        ("usb:0d8c:0014", 5, "it has 4 channel"),
        ("usb:0d8c:0016", None, "no such sound card is connected"),
        ("usb:0d8c:0014:B:2", None, "no such sound card is connected"),
        ("usb:0d8c:0015", None, "card 0, which has no free input"),
    ],
)
def test_rejects_missing_devices_and_channels(name: str, channel: int | None, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        format_for(name, channel)
