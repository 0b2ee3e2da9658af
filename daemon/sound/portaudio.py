"""Open and close PortAudio streams on one thread, which may hang.

Calls into a frozen sound server never return, so only this thread makes them.
"""

import atexit
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from daemon.errors import InputError, SoundLostError
from daemon.sound.ring import Ring
from daemon.sound.sound_cards import sound_cards
from daemon.system.silenced_output import quiet_libraries

T = TypeVar("T")

log = logging.getLogger(__name__)

# Few blocks save wake-ups, but a window is complete only with its last block.
_LONGEST_BLOCK_SECONDS, _LEAST_BLOCKS_PER_HOP = 0.1, 5
# Shortest and longest pause between restarts of the library that interrupt working streams.
_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 60.0, 3600.0
_STOP_SECONDS = 2.0
_SOURCE_VARIABLE = "PULSE_SOURCE"


class Format(NamedTuple):
    """The parameters of a stream."""

    device: int | str | None
    """PortAudio's index or name; None selects the default device."""
    rate_hz: int
    """Sample rate."""
    channels: int
    """Number of channels."""


class _Stream(NamedTuple):
    stream: Any
    ring: Ring


class PortAudio:
    """Opens and closes input streams, one at a time, on its own thread; a context manager.

    The library only finds devices that were connected when it started. If one is missing, the
    library is restarted, which briefly interrupts other streams. While other streams work, this
    happens only if sound cards were added or removed, or after a pause that grows to an hour.
    Blocks are short if windows follow each other within a short `hop_seconds`.
    """

    def __init__(self, hop_seconds: float = 1.0) -> None:
        self._block_seconds = min(_LONGEST_BLOCK_SECONDS, hop_seconds / _LEAST_BLOCKS_PER_HOP)
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._exit = ExitStack()
        self._library: Any = None
        self._streams: list[_Stream] = []
        self._started_at = 0.0
        self._cards: frozenset[str] = frozenset()
        self._pause_seconds = _SHORTEST_PAUSE_SECONDS

    def __enter__(self) -> Self:
        if not log.isEnabledFor(logging.DEBUG):
            # PortAudio and ALSA print errors at every attempt; the daemon logs them once.
            self._exit.enter_context(quiet_libraries())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._exit:
            if self._thread is None:
                return
            self._jobs.put(None)
            self._thread.join(_STOP_SECONDS)
            if self._thread.is_alive():
                # The thread hangs; a normal exit would hang as well, or crash.
                atexit.register(_exit_now, _exit_code(error))

    def open(
        self,
        name: str,
        choose: Callable[[Any], Format],
        changed: threading.Condition,
        pulse_source: str | None = None,
    ) -> "Future[Ring]":
        """Start opening a stream; the future returns the ring that it fills.

        `choose` gets the library and returns the device's format; it raises ValueError or the
        library's error if it finds no device. `name` is for error messages. `changed` is notified
        when the future is done, and by the ring. `pulse_source` is the source to which PulseAudio's
        device connects.

        The future raises SoundLostError if the device cannot be opened, InputError if the library
        is missing.
        """

        def job() -> Ring:
            with _pulse(pulse_source):
                try:
                    return self._open(choose, changed)
                except SoundLostError as error:
                    raise SoundLostError(f"microphone {name} cannot be opened: {error}") from None

        return self._submit(job, changed)

    def find(self, look: Callable[[Any], T], changed: threading.Condition) -> "Future[T]":
        """Start calling `look` with the library, without opening a stream.

        The future returns the result of `look`. It raises SoundLostError if `look` raises
        ValueError or the library's error, and InputError if the library is missing.
        """

        def job() -> T:
            library = self._loaded_library()
            try:
                return look(library)
            except (library.PortAudioError, ValueError) as error:
                raise SoundLostError(_reason(error, library)) from None

        return self._submit(job, changed)

    def close(self, ring: Ring) -> "Future[None]":
        """Start closing the stream that fills `ring`, if it is still open."""
        return self._submit(lambda: self._close(ring), ring.changed)

    def _submit(self, job: Callable[[], T], changed: threading.Condition) -> "Future[T]":
        answer: Future[T] = Future()
        # Forbid cancelling: calls into PortAudio cannot be interrupted.
        answer.set_running_or_notify_cancel()

        def work() -> None:
            try:
                answer.set_result(job())
            except Exception as error:  # noqa: BLE001 (it is raised where the answer is read)
                answer.set_exception(error)
            with changed:
                changed.notify_all()

        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="portaudio", daemon=True)
            self._thread.start()
        self._jobs.put(work)
        return answer

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
        for one in self._streams:
            _end(one.stream)

    def _open(self, choose: Callable[[Any], Format], changed: threading.Condition) -> Ring:
        library = self._loaded_library()
        try:
            return self._open_once(library, choose, changed)
        except (library.PortAudioError, ValueError) as error:
            if not self._may_restart():
                raise SoundLostError(_reason(error, library)) from None
        try:
            self._restart()
            return self._open_once(library, choose, changed)
        except (library.PortAudioError, ValueError) as error:
            raise SoundLostError(_reason(error, library)) from None

    def _open_once(
        self, library: Any, choose: Callable[[Any], Format], changed: threading.Condition
    ) -> Ring:
        form = choose(library)
        ring = Ring(form.rate_hz, form.channels, changed)

        def take(block: Any, _count: int, _time: Any, status: Any) -> None:
            ring.write(block, overflowed=status.input_overflow)

        stream = library.InputStream(
            device=form.device,
            samplerate=form.rate_hz,
            channels=form.channels,
            blocksize=round(self._block_seconds * form.rate_hz),
            dtype="float32",
            callback=take,
            finished_callback=lambda: ring.lose("the device is gone"),
        )
        try:
            stream.start()
        except library.PortAudioError:
            _end(stream)
            raise
        self._streams.append(_Stream(stream, ring))
        name = library.query_devices(form.device, "input")["name"]
        log.info("microphone %s opened: %d Hz, %d channel(s)", name, form.rate_hz, form.channels)
        return ring

    def _close(self, ring: Ring) -> None:
        for one in [one for one in self._streams if one.ring is ring]:
            self._streams.remove(one)
            _end(one.stream)

    def _loaded_library(self) -> Any:
        if self._library is None:
            self._library = load_portaudio()
            self._remember_start()
        return self._library

    def _may_restart(self) -> bool:
        """Return whether a restart may find new devices and does not interrupt others too often."""
        if not any(one.stream.active for one in self._streams) or self._cards != sound_cards():
            self._pause_seconds = _SHORTEST_PAUSE_SECONDS
            return True
        if time.monotonic() - self._started_at < self._pause_seconds:
            return False
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
        return True

    def _restart(self) -> None:
        for one in self._streams:
            one.ring.lose("PortAudio is restarting to look for another microphone")
            _end(one.stream)
        self._streams.clear()
        # sounddevice has no public function for this; a failed start leaves nothing to terminate.
        while self._library._initialized:  # noqa: SLF001
            self._library._terminate()  # noqa: SLF001
        self._library._initialize()  # noqa: SLF001
        self._remember_start()

    def _remember_start(self) -> None:
        self._started_at = time.monotonic()
        self._cards = sound_cards()


def load_portaudio() -> Any:
    """Load the library, which then looks for devices.

    Raises InputError if it is missing, SoundLostError if it cannot start.
    """
    try:
        import sounddevice
    except OSError:
        raise InputError(
            "the PortAudio library is missing; sudo apt install libportaudio2"
        ) from None
    except Exception as error:  # noqa: BLE001 (its own error, which cannot be imported then)
        raise SoundLostError(f"PortAudio cannot start: {error}") from None
    return sounddevice


@contextmanager
def _pulse(source: str | None) -> Iterator[None]:
    """Set the source to connect to: PulseAudio's client reads it when a device is opened."""
    if source is None:
        yield
        return
    before = os.environ.get(_SOURCE_VARIABLE)
    os.environ[_SOURCE_VARIABLE] = source
    try:
        yield
    finally:
        del os.environ[_SOURCE_VARIABLE]
        if before is not None:
            os.environ[_SOURCE_VARIABLE] = before


def _exit_code(error: BaseException | None) -> int:
    """Return the exit code that a normal exit would have."""
    return 0 if error is None else 2 if isinstance(error, InputError) else 1


def _exit_now(code: int) -> None:
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _end(stream: Any) -> None:
    stream.abort()
    stream.close()


def _reason(error: Exception, library: Any) -> str:
    """Return why a device could not be opened, without error numbers; ALSA's text if present."""
    with suppress(library.PortAudioError):
        if not any(info["max_input_channels"] > 0 for info in library.query_devices()):
            return "no microphone is connected"
    match error.args:
        case (str(), int(), (_, _, str(host_reason))) if host_reason:
            return host_reason
    return str(error).split("[")[0].strip().rstrip(":") or type(error).__name__
