"""The PortAudio library on a thread of its own: it opens and closes streams there, and may hang.

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

_BLOCK_SECONDS = 0.1
# Between fresh starts of the library that take the sound from streams that are well.
_REST_SECONDS = 60.0
_LONGEST_REST_SECONDS = 3600.0
_GOODBYE_SECONDS = 2.0
_SOURCE_VARIABLE = "PULSE_SOURCE"


class Format(NamedTuple):
    """What a stream is opened with; the device None is the library's default."""

    device: int | str | None
    rate_hz: int
    channels: int


class _Stream(NamedTuple):
    stream: Any
    ring: Ring


class PortAudio:
    """Opens and closes input streams, one after the other, on its own thread; a context manager.

    The library knows only the devices that it saw at its start: where one is missed it starts anew,
    which takes the sound from other streams for a moment. While others are well that is done only
    when sound cards have come or gone, or after a rest that grows to an hour.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._exit = ExitStack()
        self._library: Any = None
        self._streams: list[_Stream] = []
        self._started_at = 0.0
        self._cards: frozenset[str] = frozenset()
        self._rest_seconds = _REST_SECONDS

    def __enter__(self) -> Self:
        if not log.isEnabledFor(logging.DEBUG):
            # What ails a device is logged once; PortAudio and ALSA print it at every attempt.
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
            self._thread.join(_GOODBYE_SECONDS)
            if self._thread.is_alive():
                # It hangs, and so would the end of the program, or crash: leave without one.
                atexit.register(_leave, _exit_code(error))

    def open(
        self,
        name: str,
        choose: Callable[[Any], Format],
        changed: threading.Condition,
        pulse_source: str | None = None,
    ) -> "Future[Ring]":
        """A ring that fills with sound; `choose` finds the device in the library it is given.

        It raises ValueError, or what the library raises, where it finds none.

        The future raises SoundLostError when it cannot be opened now, InputError where the library
        is missing. `changed` is notified when it is done, and by the ring. `pulse_source`
        is what PulseAudio's device leads to.
        """

        def job() -> Ring:
            with _pulse(pulse_source):
                try:
                    return self._open(choose, changed)
                except SoundLostError as error:
                    raise SoundLostError(f"microphone {name} cannot be opened: {error}") from None

        return self._ask(job, changed)

    def find(self, look: Callable[[Any], T], changed: threading.Condition) -> "Future[T]":
        """What `look` finds in the library, without opening a stream.

        The future raises SoundLostError when it finds nothing now, InputError where the library is
        missing.
        """

        def job() -> T:
            library = self._library_now()
            try:
                return look(library)
            except (library.PortAudioError, ValueError) as error:
                raise SoundLostError(_reason(error, library)) from None

        return self._ask(job, changed)

    def close(self, ring: Ring) -> "Future[None]":
        """Close the stream that fills the ring, if it still is one."""
        return self._ask(lambda: self._close(ring), ring.changed)

    def _ask(self, job: Callable[[], T], changed: threading.Condition) -> "Future[T]":
        answer: Future[T] = Future()
        # PortAudio cannot be interrupted: who has asked gets an answer.
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
        library = self._library_now()
        try:
            return self._opened(library, choose, changed)
        except (library.PortAudioError, ValueError) as error:
            if not self._may_start_anew():
                raise SoundLostError(_reason(error, library)) from None
        try:
            self._start_anew()
            return self._opened(library, choose, changed)
        except (library.PortAudioError, ValueError) as error:
            raise SoundLostError(_reason(error, library)) from None

    def _opened(
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
            blocksize=round(_BLOCK_SECONDS * form.rate_hz),
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

    def _library_now(self) -> Any:
        if self._library is None:
            self._library = load_portaudio()
            self._remember_start()
        return self._library

    def _may_start_anew(self) -> bool:
        """Whether a device may have come since, and nobody is disturbed too often."""
        if not any(one.stream.active for one in self._streams) or self._cards != sound_cards():
            self._rest_seconds = _REST_SECONDS
            return True
        if time.monotonic() - self._started_at < self._rest_seconds:
            return False
        self._rest_seconds = min(2 * self._rest_seconds, _LONGEST_REST_SECONDS)
        return True

    def _start_anew(self) -> None:
        for one in self._streams:
            one.ring.lose("PortAudio starts anew to look for another microphone")
            _end(one.stream)
        self._streams.clear()
        # sounddevice has no other way; a start that failed leaves nothing to terminate.
        while self._library._initialized:  # noqa: SLF001
            self._library._terminate()  # noqa: SLF001
        self._library._initialize()  # noqa: SLF001
        self._remember_start()

    def _remember_start(self) -> None:
        self._started_at = time.monotonic()
        self._cards = sound_cards()


def load_portaudio() -> Any:
    """The library, which looks for devices now.

    Raises InputError where it is missing, SoundLostError where it cannot start now.
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
    """PulseAudio's client reads the name when it connects, which opening a device does."""
    if source is None:
        yield
        return
    before = os.environ.get(_SOURCE_VARIABLE)
    os.environ[_SOURCE_VARIABLE] = source
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SOURCE_VARIABLE]
        else:
            os.environ[_SOURCE_VARIABLE] = before


def _exit_code(error: BaseException | None) -> int:
    """What the program's own end would give."""
    return 0 if error is None else 2 if isinstance(error, InputError) else 1


def _leave(code: int) -> None:
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _end(stream: Any) -> None:
    stream.abort()
    stream.close()


def _reason(error: Exception, library: Any) -> str:
    """Why nothing could be opened, without numbers; ALSA's own word where there is one."""
    with suppress(library.PortAudioError):
        if not any(info["max_input_channels"] > 0 for info in library.query_devices()):
            return "no microphone is connected"
    match error.args:
        case (str(), int(), (_, _, str(host_reason))) if host_reason:
            return host_reason
    return str(error).split("[")[0].strip().rstrip(":") or type(error).__name__
