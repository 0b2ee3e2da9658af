"""A PortAudio input stream that fills a ring: 16 kHz mono where the device can, else its own."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from daemon.errors import InputError, SoundLostError
from daemon.ring import Ring
from daemon.window import SAMPLE_RATE_HZ

log = logging.getLogger(__name__)

DEFAULT_DEVICE = "default"
_BLOCK_SECONDS = 0.1


@contextmanager
def open_microphone(device: str | int) -> Iterator[Ring]:
    """Open an input device by index, part of its name, or `default`; its sound fills the ring.

    Raises SoundLostError when the device is absent or cannot be opened now, InputError where the
    PortAudio library is missing.
    """
    ring, stream = _open(_portaudio(), device)
    with stream:
        yield ring


def _open(portaudio: Any, device: str | int) -> tuple[Ring, Any]:
    """The ring and the stream, not yet started, that fills it."""
    try:
        rate_hz, channels = _format(portaudio, _device(device))
        ring = Ring(rate_hz, channels)
        stream = portaudio.InputStream(
            device=_device(device),
            samplerate=rate_hz,
            channels=channels,
            blocksize=round(_BLOCK_SECONDS * rate_hz),
            dtype="float32",
            callback=lambda block, _count, _time, _status: ring.write(block),
            finished_callback=lambda: ring.lose("the device is gone"),
        )
        log.info("listening to %s at %d Hz, %d channel(s)", device, rate_hz, channels)
    except (portaudio.PortAudioError, ValueError) as error:
        reason = str(error).split("[")[0].strip().rstrip(":")
        if not devices():
            reason = "no microphone is connected"
        raise SoundLostError(f"audio.device {device} cannot be opened: {reason}") from None
    return ring, stream


def devices() -> list[str]:
    """One line for each input device: index, name, host API, channels and own rate."""
    portaudio = _portaudio()
    lines = []
    for index, info in enumerate(portaudio.query_devices()):
        if info["max_input_channels"] > 0:
            api = portaudio.query_hostapis(info["hostapi"])["name"]
            lines.append(
                f"{index:3}  {info['name']}  ({api}, {info['max_input_channels']} channels, "
                f"{info['default_samplerate']:.0f} Hz)"
            )
    return lines


def _portaudio() -> Any:
    try:
        import sounddevice
    except OSError:
        raise InputError(
            "the PortAudio library is missing; sudo apt install libportaudio2"
        ) from None
    return sounddevice


def _device(device: str | int) -> str | int | None:
    return None if device == DEFAULT_DEVICE else device


def _format(portaudio: Any, device: str | int | None) -> tuple[int, int]:
    """Sample rate and channels to open: ours where the device allows it, else its own."""
    try:
        portaudio.check_input_settings(device, channels=1, samplerate=SAMPLE_RATE_HZ)
    except portaudio.PortAudioError:
        info = portaudio.query_devices(device, "input")
        return int(info["default_samplerate"]), min(2, int(info["max_input_channels"]))
    return SAMPLE_RATE_HZ, 1
