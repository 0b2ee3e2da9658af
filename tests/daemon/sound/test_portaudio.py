"""PortAudio on its own thread, with a fake library: restarts, names, hangs."""

import atexit
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from daemon.errors import SoundLostError
from daemon.sound import portaudio as module
from daemon.sound.portaudio import Format, PortAudio
from daemon.sound.ring import Ring

FORM = Format("here", 16_000, 1)
PATIENT_SECONDS = 20.0


class Status(NamedTuple):
    input_overflow: bool


class Stream:
    """A fake stream; the test itself calls its callback."""

    def __init__(self, library: "Library", **options: Any) -> None:
        self.library = library
        self.options = options
        self.active = False
        self.closed = False
        library.streams.append(self)

    def start(self) -> None:
        self.active = True

    def abort(self) -> None:
        self.library.may_abort.wait()
        self.active = False

    def close(self) -> None:
        self.closed = True


class Library:
    """A fake library that finds only the devices connected when it started."""

    class PortAudioError(Exception):
        pass

    def __init__(self) -> None:
        self.plugged = {"here"}
        self.streams: list[Stream] = []
        self.starts = 0
        self.broken_starts = 0
        self._initialized = 0
        self.sources: list[str | None] = []
        self.may_abort = threading.Event()
        self.may_abort.set()
        self._initialize()

    def _initialize(self) -> None:
        if self.broken_starts:
            self.broken_starts -= 1
            raise self.PortAudioError("Error initializing PortAudio")
        self.known = set(self.plugged)
        self.starts += 1
        self._initialized += 1

    def _terminate(self) -> None:
        assert not any(stream.active for stream in self.streams)
        self._initialized -= 1
        self.known = set()

    def query_devices(self, _device: object = None, kind: str = "") -> Any:
        if not self._initialized:
            raise self.PortAudioError("PortAudio not initialized")
        if kind:
            return {"name": "a microphone", "max_input_channels": 1}
        return [{"max_input_channels": 1} for _ in self.known]

    def InputStream(self, **options: Any) -> Stream:  # noqa: N802 (sounddevice's name)
        self.sources.append(os.environ.get("PULSE_SOURCE"))
        return Stream(self, **options)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    library = Library()
    monkeypatch.setattr(module, "load_portaudio", lambda: library)
    return library


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    cards = {"card0"}
    monkeypatch.setattr(module, "sound_cards", lambda: frozenset(cards))
    return cards


@pytest.fixture
def portaudio(library: Library, cards: set[str]) -> Iterator[PortAudio]:
    assert library.starts
    assert cards
    with PortAudio() as portaudio:
        yield portaudio


def choose(name: str) -> Callable[[Any], Format]:
    def chosen(library: Any) -> Format:
        if name not in library.known:
            raise ValueError(f"No input device matching '{name}'")
        return Format(name, 16_000, 1)

    return chosen


def open_ring(portaudio: PortAudio, name: str = "here", source: str | None = None) -> Ring:
    changed = threading.Condition()
    return portaudio.open(name, choose(name), changed, source).result(PATIENT_SECONDS)


def refusal(portaudio: PortAudio, name: str) -> str:
    with pytest.raises(SoundLostError) as caught:
        open_ring(portaudio, name)
    return str(caught.value)


@pytest.mark.parametrize(("hop_seconds", "samples"), [(0.25, 800), (0.5, 1600), (4.0, 1600)])
def test_blocks_are_short_if_windows_follow_quickly(
    library: Library, hop_seconds: float, samples: int
) -> None:
    with PortAudio(hop_seconds) as portaudio:
        open_ring(portaudio)
    assert library.streams[0].options["blocksize"] == samples


def test_stream_fills_its_ring_and_reports_its_end(portaudio: PortAudio, library: Library) -> None:
    ring = open_ring(portaudio)
    options = library.streams[0].options
    assert [options[k] for k in ("device", "samplerate", "blocksize")] == ["here", 16_000, 1_600]
    for overflowed in (False, True):
        options["callback"](np.ones((1_600, 1), np.float32), 1_600, None, Status(overflowed))
    assert ring.overflows == 1
    assert ring.unread_seconds == pytest.approx(0.2)
    options["finished_callback"]()
    ring.fetch()
    with pytest.raises(SoundLostError, match="the device is gone"):
        ring.fetch()


def test_close_ends_only_that_stream(portaudio: PortAudio, library: Library) -> None:
    rings = [open_ring(portaudio) for _ in range(2)]
    portaudio.close(rings[0]).result(PATIENT_SECONDS)
    assert [stream.closed for stream in library.streams] == [True, False]
    portaudio.close(rings[0]).result(PATIENT_SECONDS)


def test_restarts_to_find_a_device_added_later(portaudio: PortAudio, library: Library) -> None:
    assert refusal(portaudio, "new") == (
        "microphone new cannot be opened: No input device matching 'new'"
    )
    library.plugged.add("new")
    open_ring(portaudio, "new")
    assert library.starts == 3


def test_reports_that_no_microphone_is_connected(portaudio: PortAudio, library: Library) -> None:
    library.plugged.clear()
    open_ring(portaudio)
    portaudio.close(open_ring(portaudio)).result(PATIENT_SECONDS)
    for stream in library.streams:
        stream.active = False
    assert refusal(portaudio, "new").endswith("no microphone is connected")


def test_rarely_restarts_while_other_streams_work(
    portaudio: PortAudio, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ring(portaudio)
    began = time.monotonic()
    now = began
    monkeypatch.setattr(time, "monotonic", lambda: now)
    starts = []
    for hours in np.arange(0.0, 24.0, 1 / 60):
        now = began + 3600 * hours
        refusal(portaudio, "absent")
        if not any(stream.active for stream in library.streams):
            open_ring(portaudio)
        starts.append(library.starts)
    assert starts[0] == 1
    assert starts[-1] < 40


def test_restarts_for_an_added_card_and_informs_other_streams(
    portaudio: PortAudio, library: Library, cards: set[str]
) -> None:
    ring = open_ring(portaudio)
    refusal(portaudio, "new")
    assert library.starts == 1
    library.plugged.add("new")
    cards.add("card1")
    open_ring(portaudio, "new")
    assert library.starts == 2
    with pytest.raises(SoundLostError, match="PortAudio is restarting"):
        ring.fetch()
    assert [stream.closed for stream in library.streams] == [True, False]


@pytest.mark.parametrize("before", [None, "the users own"])
def test_sets_the_pulse_source_only_while_opening(
    portaudio: PortAudio, library: Library, before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if before is None:
        monkeypatch.delenv("PULSE_SOURCE", raising=False)
    else:
        monkeypatch.setenv("PULSE_SOURCE", before)
    open_ring(portaudio, source="attic.monitor")
    open_ring(portaudio)
    assert library.sources == ["attic.monitor", before]
    assert os.environ.get("PULSE_SOURCE") == before


def test_hanging_library_does_not_block_the_exit(
    library: Library, cards: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cards
    ends: list[tuple[Any, ...]] = []
    monkeypatch.setattr(atexit, "register", lambda *end: ends.append(end))
    monkeypatch.setattr(module, "_STOP_SECONDS", 0.1)
    with PortAudio() as portaudio:
        ring = open_ring(portaudio)
        library.may_abort.clear()
        closing = portaudio.close(ring)
        opening = portaudio.open("here", choose("here"), threading.Condition())
    assert not closing.done()
    assert not opening.done()
    assert ends == [(module._exit_now, 0)]
    library.may_abort.set()
    closing.result(PATIENT_SECONDS)


def test_exit_closes_every_stream(library: Library, cards: set[str]) -> None:
    assert cards
    with PortAudio() as portaudio:
        open_ring(portaudio)
        open_ring(portaudio)
    assert all(stream.closed for stream in library.streams)


def test_does_not_load_the_library_if_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "load_portaudio", lambda: pytest.fail("loaded"))
    with PortAudio():
        pass


def test_retries_a_failed_restart(portaudio: PortAudio, library: Library) -> None:
    portaudio.close(open_ring(portaudio)).result(PATIENT_SECONDS)
    library.plugged.add("new")
    library.broken_starts = 2
    for _ in range(2):
        assert refusal(portaudio, "new").endswith("Error initializing PortAudio")
    open_ring(portaudio, "new")


def test_forced_exit_flushes_output() -> None:
    code = (
        "import atexit, sys\n"
        "from daemon.errors import FailedError\n"
        "from daemon.sound.portaudio import _exit_code, _exit_now\n"
        "atexit.register(lambda: print('too late'))\n"
        "atexit.register(_exit_now, _exit_code(FailedError('no')))\n"
        "print('said')\n"
        "sys.exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.returncode) == ("said\n", 1)
