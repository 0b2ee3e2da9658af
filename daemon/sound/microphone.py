"""From the name of a microphone, as people write it, to the device that PortAudio opens.

Names survive reboot and replug: `usb:VID:PID[:SERIAL]` is looked up in /sys, because card numbers
change; `pulse:SOURCE` is a source of PulseAudio or PipeWire.
"""

import re
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from daemon.sound.portaudio import Format, PortAudio, load_portaudio
from daemon.sound.ring import Ring
from daemon.sound.sound_cards import UsbName, usb_card, usb_cards
from daemon.sound.window import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from concurrent.futures import Future

DEFAULT_DEVICE = "default"
_USB = re.compile(r"usb:([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?\Z")
_PULSE = "pulse:"
_MOST_MIXED = 8


class Found(NamedTuple):
    """A device that is connected: the name that PortAudio has for it, and its input channels."""

    name: str
    channels: int


class Microphone:
    """An input device by `default`, index, part of its name, `usb:` or `pulse:` name.

    16 kHz where the device can, else its own rate. `channel`, counted from 1, is the one that will
    be listened to; None mixes: all channels of a sound card, up to 8, while a sound server mixes
    its own to one.
    """

    def __init__(
        self,
        name: str | int,
        channel: int | None,
        portaudio: PortAudio,
        changed: threading.Condition,
    ) -> None:
        self._name = name
        self._channel = channel
        self._portaudio = portaudio
        self._changed = changed

    def open(self) -> "Future[Ring]":
        """Begin to open it; the future raises SoundLostError when that cannot be now."""
        source = str(self._name).removeprefix(_PULSE) if self._is_pulse else None
        return self._portaudio.open(str(self._name), self._format, self._changed, source)

    def find(self) -> "Future[Found]":
        """Begin to look whether it is connected, without opening it.

        The future raises SoundLostError when it is not there now.
        """
        return self._portaudio.find(self._look, self._changed)

    def close(self, ring: Ring) -> "Future[None]":
        """Begin to close it."""
        return self._portaudio.close(ring)

    @property
    def _is_pulse(self) -> bool:
        return isinstance(self._name, str) and self._name.startswith(_PULSE)

    def _look(self, library: Any) -> Found:
        info = library.query_devices(self._found(library), "input")
        return Found(str(info["name"]), int(info["max_input_channels"]))

    def _format(self, library: Any) -> Format:
        """How to open it; raises ValueError or the library's error when it is not there."""
        device = self._found(library)
        info = library.query_devices(device, "input")
        own_rate_hz, most = int(info["default_samplerate"]), int(info["max_input_channels"])
        if self._channel is not None:
            if self._channel > most:
                raise ValueError(
                    f"it has {most} channel(s), and channel {self._channel} is asked for"
                )
            return Format(device, own_rate_hz, self._channel)
        channels = min(_MOST_MIXED, most) if _is_sound_card(library, info) else 1
        for rate_hz in (SAMPLE_RATE_HZ, own_rate_hz):
            if _can(library, form := Format(device, rate_hz, channels)):
                return form
        # The attempt to open it tells why nothing goes.
        return Format(device, own_rate_hz, min(2, most))

    def _found(self, library: Any) -> int | str | None:
        if self._name == DEFAULT_DEVICE:
            return None
        if isinstance(self._name, int):
            return self._name
        if self._is_pulse:
            return _PULSE.rstrip(":")
        if match := _USB.match(self._name):
            return _usb_input(library, UsbName(*match.groups()))
        return self._name


def devices() -> list[str]:
    """One line for each input device: index, name, host API, channels, own rate, USB name."""
    library = load_portaudio()
    usb = dict(usb_cards())
    lines = []
    for index, info in _inputs(library):
        api = library.query_hostapis(info["hostapi"])["name"]
        card = re.search(r"\(hw:(\d+),", info["name"])
        name = usb.get(int(card[1])) if card else None
        lines.append(
            f"{index:3}  {info['name']}  ({api}, {info['max_input_channels']} channels, "
            f"{info['default_samplerate']:.0f} Hz)" + (f"  {name}" if name else "")
        )
    return lines


def _inputs(library: Any) -> list[tuple[int, Any]]:
    return [
        (index, info)
        for index, info in enumerate(library.query_devices())
        if info["max_input_channels"] > 0
    ]


def _can(library: Any, form: Format) -> bool:
    try:
        library.check_input_settings(form.device, channels=form.channels, samplerate=form.rate_hz)
    except library.PortAudioError:
        return False
    return True


def _is_sound_card(library: Any, info: Any) -> bool:
    """Whether nobody mixes a device's channels: one channel of it would be its first alone."""
    api = library.query_hostapis(info["hostapi"])["name"]
    return "(hw:" in info["name"] or api == "Core Audio"


def _usb_input(library: Any, name: UsbName) -> int:
    """The index of a USB sound card's first input."""
    card = usb_card(name)
    if card is None:
        raise ValueError("no such sound card is plugged in")
    for index, info in _inputs(library):
        if f"(hw:{card}," in info["name"]:
            return index
    raise ValueError(f"it is card {card}, which has no input that is free")
