"""Find the PortAudio device for the name of a microphone in the settings.

Names survive reboots and replugging: `usb:VID:PID[:SERIAL]` is looked up in /sys, because card
numbers change; `pulse:SOURCE` is a source of PulseAudio or PipeWire.
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
    """A connected device."""

    name: str
    """PortAudio's name."""
    channels: int
    """Number of input channels."""


class Microphone:
    """An input device: `default`, an index, a part of its name, or a `usb:` or `pulse:` name.

    It is opened at 16 kHz if it supports that, else at its default rate. `channel`, counted from 1,
    selects a channel. None opens all channels of a sound card, up to 8, to be mixed; of a device of
    a sound server it opens one, which the server mixes.
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
        """Start opening the device; the future raises SoundLostError if it cannot be opened."""
        source = str(self._name).removeprefix(_PULSE) if self._is_pulse else None
        return self._portaudio.open(str(self._name), self._format, self._changed, source)

    def find(self) -> "Future[Found]":
        """Start looking for the device without opening it.

        The future raises SoundLostError if it is not connected.
        """
        return self._portaudio.find(self._find_now, self._changed)

    def close(self, ring: Ring) -> "Future[None]":
        """Start closing the stream of `ring`; the future completes when it is closed."""
        return self._portaudio.close(ring)

    @property
    def _is_pulse(self) -> bool:
        return isinstance(self._name, str) and self._name.startswith(_PULSE)

    def _find_now(self, library: Any) -> Found:
        info = library.query_devices(self._device(library), "input")
        return Found(str(info["name"]), int(info["max_input_channels"]))

    def _format(self, library: Any) -> Format:
        """Choose how to open it; raises ValueError or the library's error if it is not found."""
        device = self._device(library)
        info = library.query_devices(device, "input")
        own_rate_hz, most = int(info["default_samplerate"]), int(info["max_input_channels"])
        if self._channel is not None:
            if self._channel > most:
                raise ValueError(f"it has {most} channel(s); channel {self._channel} is set")
            return Format(device, own_rate_hz, self._channel)
        channels = min(_MOST_MIXED, most) if _is_sound_card(library, info) else 1
        for rate_hz in (SAMPLE_RATE_HZ, own_rate_hz):
            if _supports(library, form := Format(device, rate_hz, channels)):
                return form
        # Opening it will fail with the reason.
        return Format(device, own_rate_hz, min(2, most))

    def _device(self, library: Any) -> int | str | None:
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
    """Return a line for each input device: index, name, host API, channels, default rate, USB name.

    Raises as `load_portaudio` does.
    """
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


def _supports(library: Any, form: Format) -> bool:
    try:
        library.check_input_settings(form.device, channels=form.channels, samplerate=form.rate_hz)
    except library.PortAudioError:
        return False
    return True


def _is_sound_card(library: Any, info: Any) -> bool:
    """Return whether it is the hardware itself, whose channels no sound server mixes."""
    api = library.query_hostapis(info["hostapi"])["name"]
    return "(hw:" in info["name"] or api == "Core Audio"


def _usb_input(library: Any, name: UsbName) -> int:
    """Return the index of a USB sound card's first input; raises ValueError if there is none."""
    card = usb_card(name)
    if card is None:
        raise ValueError("no such sound card is connected")
    for index, info in _inputs(library):
        if f"(hw:{card}," in info["name"]:
            return index
    raise ValueError(f"it is card {card}, which has no free input")
