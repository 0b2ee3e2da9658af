"""Plays the medley on the loudspeaker in a child process, in step with the screen."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

from daemon.commands.demo.playback import NO_DEVICE, NO_PORTAUDIO, READY

_SILENT = "playing silently"
_NO_ANSWER = "no answer"
_STATUSES = {
    _NO_ANSWER: f"the sound system does not answer: {_SILENT}",
    NO_PORTAUDIO: f"no PortAudio (libportaudio2): {_SILENT}",
    NO_DEVICE: f"{NO_DEVICE}: {_SILENT}",
}
_ANSWER_SECONDS = 3.0
_KILL_SECONDS = 1.0


class Loudspeaker:
    """A sound file on the loudspeaker.

    A child process plays it, because PortAudio may hang or crash. The methods raise nothing.
    """

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self._child = child
        self._input = cast("IO[str]", child.stdin)
        self._output = cast("IO[str]", child.stdout)
        self._silent_because: str | None = None

    @property
    def status(self) -> str:
        """A few words: playing on the loudspeaker, or why there is no sound."""
        if self._silent_because is None and self._child.poll():
            self._silent_because = f"the loudspeaker is gone: {_SILENT}"
        return self._silent_because or "playing on the loudspeaker"

    def start(self, *, within_seconds: float = _ANSWER_SECONDS) -> float:
        """Start playing; return the time.monotonic() of second 0 of the sound.

        If the child is not ready after `within_seconds`, it is ended and nothing is played.
        """
        answer = self._answer(within_seconds)
        started = time.monotonic()
        if answer == READY:
            with suppress(OSError):
                print(started, file=self._input, flush=True)
        else:
            self._silent_because = _STATUSES.get(answer, f"the sound system crashed: {_SILENT}")
            self._child.kill()
        return started

    def _answer(self, seconds: float) -> str:
        readable, _, _ = select.select([self._output], [], [], seconds)
        return self._output.readline().strip() if readable else _NO_ANSWER


@contextmanager
def open_loudspeaker(file: Path) -> Iterator[Loudspeaker]:
    """Open the loudspeaker for one sound file in the background; yield it.

    It is ready for `start` once the child has opened the device.
    """
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "daemon.commands.demo.playback", str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # Ctrl-C must reach the demo only; it ends the child itself.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        yield Loudspeaker(child)
    finally:
        child.kill()
        with suppress(OSError, subprocess.TimeoutExpired):
            child.communicate(timeout=_KILL_SECONDS)
