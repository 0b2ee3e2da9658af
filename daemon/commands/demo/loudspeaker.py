"""The medley on the loudspeaker, in step with the screen, by a child process that may fail."""

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
_REMARKS = {
    _NO_ANSWER: f"the sound system does not answer: {_SILENT}",
    NO_PORTAUDIO: f"no PortAudio (libportaudio2): {_SILENT}",
    NO_DEVICE: f"{NO_DEVICE}: {_SILENT}",
}
_ANSWER_SECONDS = 3.0
_KILL_SECONDS = 1.0


class Loudspeaker:
    """The child that plays. Nothing here waits long or raises, whatever the sound system does."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self._child = child
        self._orders = cast("IO[str]", child.stdin)
        self._answers = cast("IO[str]", child.stdout)
        self._silent: str | None = None

    @property
    def remark(self) -> str:
        """Whether sound is heard, in a few words; why not, where it is not."""
        if self._silent is None and self._child.poll():
            self._silent = f"the loudspeaker is gone: {_SILENT}"
        return self._silent or "playing on the loudspeaker"

    def start(self, *, within_seconds: float = _ANSWER_SECONDS) -> float:
        """Start playing, or give up for good; the time.monotonic() of the sound's second 0."""
        answer = self._answer(within_seconds)
        started = time.monotonic()
        if answer == READY:
            with suppress(OSError):
                print(started, file=self._orders, flush=True)
        else:
            self._silent = _REMARKS.get(answer, f"the sound system crashed: {_SILENT}")
            self._child.kill()
        return started

    def _answer(self, seconds: float) -> str:
        readable, _, _ = select.select([self._answers], [], [], seconds)
        return self._answers.readline().strip() if readable else _NO_ANSWER


@contextmanager
def loudspeaker(file: Path) -> Iterator[Loudspeaker]:
    """A loudspeaker for one sound file, which is opened while the caller does other things."""
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "daemon.commands.demo.playback", str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # Ctrl-C is for the demo, which then ends the child.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        yield Loudspeaker(child)
    finally:
        child.kill()
        with suppress(OSError, subprocess.TimeoutExpired):
            child.communicate(timeout=_KILL_SECONDS)
