"""A child process of the demo that plays one sound file on the default output device.

`python -m daemon.commands.demo.playback FILE` prints `ready` once the device is open, or one line
with the reason why it cannot be opened. It then reads the start time from standard input, in
seconds of `time.monotonic()`, which all processes share, and plays. It ends with the file or when
standard input is closed. PortAudio may hang or crash here without affecting the demo.
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
# After a pause of the sound server, sound that would be later than this is skipped.
_MOST_LATE_SECONDS = 0.25
_MOST_CHANNELS = 2


def play(path: str) -> None:
    """Open the default output device, print the result, wait for the start time, and play."""
    import soundfile

    try:
        import sounddevice
    except OSError:
        print(NO_PORTAUDIO, flush=True)
        return
    except Exception:  # noqa: BLE001 (PortAudioError cannot be imported in this case)
        print(NO_DEVICE, flush=True)
        return
    with soundfile.SoundFile(path) as file:
        try:
            stream = _open_stream(sounddevice, file.samplerate)
        except sounddevice.PortAudioError:
            print(NO_DEVICE, flush=True)
            return
        print(READY, flush=True)
        started = float(sys.stdin.readline())
        threading.Thread(target=_end_with_parent, daemon=True).start()
        with stream:
            _play(file, stream, started)
            stream.stop()


def _open_stream(sounddevice: Any, rate_hz: int) -> Any:
    most = int(sounddevice.query_devices(None, "output")["max_output_channels"])
    channels = min(_MOST_CHANNELS, most)
    return sounddevice.OutputStream(samplerate=rate_hz, channels=channels, dtype="float32")


def _play(file: Any, stream: Any, started: float) -> None:
    """Write all blocks. Each is audible one output latency after it was written."""
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
