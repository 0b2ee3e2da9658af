"""A child process of the demo: plays one sound file on the default output device, by the clock.

`python -m daemon.commands.demo.playback FILE` answers `ready` on standard output once the device is
open, or one line that says why it cannot be. It then reads the start time (seconds of
`time.monotonic()`, which all processes share) from standard input and plays. It ends with the file
or when standard input is closed. PortAudio may hang or crash here without harm to the demo.
"""

import os
import sys
import threading
import time
from typing import Any

READY = "ready"
NO_PORTAUDIO = "PortAudio is missing"
NO_DEVICE = "no loudspeaker found"

_BLOCK_SECONDS = 0.1
# Sound that is later than this, after a pause of the sound server, is skipped.
_MOST_LATE_SECONDS = 0.25
_MOST_CHANNELS = 2


def play(path: str) -> None:
    """Open the default output, answer, wait for the start time, and play the file."""
    import soundfile

    try:
        import sounddevice
    except OSError:
        print(NO_PORTAUDIO, flush=True)
        return
    except Exception:  # noqa: BLE001 (PortAudio's own error, which cannot be imported then)
        print(NO_DEVICE, flush=True)
        return
    with soundfile.SoundFile(path) as file:
        try:
            stream = _opened(sounddevice, file.samplerate)
        except sounddevice.PortAudioError:
            print(NO_DEVICE, flush=True)
            return
        print(READY, flush=True)
        started = float(sys.stdin.readline())
        threading.Thread(target=_end_with_parent, daemon=True).start()
        with stream:
            _play(file, stream, started)
            stream.stop()


def _opened(sounddevice: Any, rate_hz: int) -> Any:
    most = int(sounddevice.query_devices(None, "output")["max_output_channels"])
    channels = min(_MOST_CHANNELS, most)
    return sounddevice.OutputStream(samplerate=rate_hz, channels=channels, dtype="float32")


def _play(file: Any, stream: Any, started: float) -> None:
    """Write block after block; each is audible one output latency later."""
    rate_hz = file.samplerate
    block = round(_BLOCK_SECONDS * rate_hz)
    while True:
        due_seconds = time.monotonic() - started + (0.0 if file.tell() else stream.latency)
        late_seconds = due_seconds - file.tell() / rate_hz
        if late_seconds > _MOST_LATE_SECONDS:
            file.seek(min(file.frames, round(due_seconds * rate_hz)))
        samples = file.read(block, dtype="float32", always_2d=True)
        if not len(samples):
            return
        stream.write(samples.repeat(stream.channels, axis=1))


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    play(sys.argv[1])
