"""The decoding child as a process: it always ends, and it exposes no secrets."""

import errno
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.sound.decoding.block import Block
from daemon.sound.decoding.child import ChildError, Decoder, DecodingError, Request
from tests.conftest import ROOT
from tests.daemon.decoders import decoders, fake_decoder, wait_until

pytest.importorskip("av", reason="needs PyAV")

MEMORY_BYTES = 1 << 28
SECRET = "Zw3tschgenknoedel"  # noqa: S105


def request_of(path: Path) -> Request:
    return Request(url=f"file:{path}", options={}, memory_bytes=MEMORY_BYTES)


def read_blocks(path: Path) -> list[Block]:
    with Decoder(request_of(path)) as decoder:
        return list(iter(lambda: decoder.read(20.0), None))


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Return the url of a server that accepts connections but never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield f"http://me:{SECRET}@127.0.0.1:{server.getsockname()[1]}/{SECRET}"


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    soundfile.write(path, np.tile([0.25, -0.5], (100_000, 1)), 22_050)
    return path


def test_decodes_a_file_to_blocks_with_all_channels(song: Path) -> None:
    blocks = read_blocks(song)
    assert {block.rate_hz for block in blocks} == {22_050}
    assert len(blocks) > 10
    samples = np.concatenate([block.samples for block in blocks])
    assert samples.shape == (100_000, 2)
    assert (samples == [0.25, -0.5]).all()
    assert decoders() == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "its decoder crashed (SIGSEGV)"),
        ("os.abort()", "its decoder crashed (SIGABRT)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "its decoder was killed (SIGKILL)"),
        ("sys.exit(3)", "its decoder ended with exit code 3"),
        ("sound(1.0)", "its decoder ended with exit code 0"),
        ("os.write(1, b'S\\x10\\0\\0\\0half')", "its decoder ended with exit code 0"),
        ("print('hello' * 1000)", "its decoder sends garbage"),
        ("os.write(1, bytes(100_000))", "its decoder sends garbage"),
        ("send(b'S', bytes(7))", "its decoder sends garbage"),
        ("send(b'S', b'')", "its decoder sends garbage"),
        ("send(b'F', bytes(8))", "its decoder sends garbage"),
        ("send(b'F', bytes(3))", "its decoder sends garbage"),
        ("os.write(1, b'S' + b'\\xff' * 4); time.sleep(60)", "its decoder sends garbage"),
        ("send(b'E', b'{')", "its decoder sends garbage"),
        ("send(b'E', b'[1, 2]')", "its decoder sends garbage"),
        ("""send(b'E', b'{"kinds": ["a secret"], "errno": 1}')""", "its decoder sends garbage"),
        ("""send(b'E', b'{"kinds": [], "errno": 1}')""", "its decoder sends garbage"),
        ("send(b'Q', bytes(3))", "its decoder sends garbage"),
        ("send(b'Q', bytes([255] * 8))", "its decoder sends garbage"),
        ("send(b'Q', struct.pack('<Q', 3_000)); " * 3, "its decoder sends garbage"),
        ("send(b'G', struct.pack('<2d', 1.0, -1.0))", "its decoder sends garbage"),
        ("send(b'G', struct.pack('<2d', 1.0, float('nan')))", "its decoder sends garbage"),
        ("send(b'T', bytes(4))", "its decoder sends garbage"),
        ("os.close(1); time.sleep(60)", "its decoder closed its output"),
    ],
)
def test_error_states_how_the_child_failed(
    code: str, words: str, song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.sound.decoding.child._PROGRAM", fake_decoder(tmp_path, code))
    monkeypatch.setattr("daemon.sound.decoding.child._REAP_SECONDS", 1.0)
    with pytest.raises(ChildError) as caught:
        read_blocks(song)
    assert str(caught.value) == words
    assert decoders() == []


def test_silence_is_split_into_blocks_of_a_second(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "sound(0.5); send(b'Q', struct.pack('<Q', 40_000)); sound(0.5); send(b'E', b'{}')"
    monkeypatch.setattr("daemon.sound.decoding.child._PROGRAM", fake_decoder(tmp_path, code))
    lengths = [len(block.samples) for block in read_blocks(song)]
    assert lengths == [8_000, 16_000, 16_000, 8_000, 8_000]


def test_times_out_if_the_child_does_not_answer(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "daemon.sound.decoding.child._PROGRAM", fake_decoder(tmp_path, "time.sleep(60)")
    )
    with pytest.raises(DecodingError) as caught, Decoder(request_of(song)) as decoder:
        decoder.read(0.3)
    assert caught.value.kinds == ("TimeoutError",)
    assert decoders() == []


def test_child_can_be_killed_while_it_is_read(silent_server: str) -> None:
    request = Request(url=silent_server, options={}, memory_bytes=MEMORY_BYTES)
    with Decoder(request) as decoder:
        decoder.kill()
        with pytest.raises(ChildError, match=r"was killed \(SIGKILL\)"):
            decoder.read(20.0)
    decoder.kill()


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM, errno.EMFILE])
def test_error_states_why_no_process_can_be_started(
    number: int, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(ChildError) as caught:
        Decoder(request_of(song))
    assert str(caught.value) == f"its decoder cannot be started ({os.strerror(number)})"


def test_exceeding_the_memory_limit_ends_only_the_child(song: Path) -> None:
    request = Request(url=f"file:{song}", options={}, memory_bytes=1 << 20)
    with pytest.raises((DecodingError, ChildError)), Decoder(request) as decoder:
        decoder.read(20.0)
    assert decoders() == []


def test_child_exposes_no_url_and_inherits_no_secret(
    silent_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TIMBREL_MQTT_PASSWORD", "NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY"):
        monkeypatch.setenv(name, SECRET)
    request = Request(url=silent_server, options={}, memory_bytes=MEMORY_BYTES)
    with Decoder(request):
        (child,) = decoders()
        folder = Path("/proc", str(child))
        wait_until(lambda: (folder / "oom_score_adj").read_text() == "1000\n")
        # An open socket shows that the child has begun to connect.
        wait_until(lambda: any(is_socket(link) for link in (folder / "fd").iterdir()))
        for name in ("cmdline", "environ", "comm"):
            assert SECRET.encode() not in (folder / name).read_bytes()
        assert resource.prlimit(child, resource.RLIMIT_CORE) == (0, 0)
        assert resource.prlimit(child, resource.RLIMIT_DATA)[0] == MEMORY_BYTES
        assert os.getsid(child) == child
        error = (folder / "fd" / "2").readlink()
    assert error == Path(os.devnull)


def is_socket(link: Path) -> bool:
    try:
        return str(link.readlink()).startswith("socket:")
    except OSError:
        return False


PARENT = """
import signal, sys, time
# As if inherited from its own parent.
signal.signal(signal.SIGIO, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGIO, signal.SIGTERM])
from daemon.sound.decoding.child import Decoder, Request
decoder = Decoder(Request(url=sys.argv[1], options={}, memory_bytes=1 << 28))
print(decoder._process.pid, flush=True)
time.sleep(float(sys.argv[2]))
sys.exit() if sys.argv[3] == "exits" else signal.pause()
"""


@pytest.mark.parametrize("delay_seconds", [0.0, 2.0])
@pytest.mark.parametrize("end", ["exits", "is killed"])
def test_child_ends_with_its_parent(end: str, delay_seconds: float, silent_server: str) -> None:
    command = [sys.executable, "-c", PARENT, silent_server, str(delay_seconds), end]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as parent:
        try:
            assert parent.stdout is not None
            child = int(parent.stdout.readline())
            if end == "is killed":
                try:
                    parent.wait(delay_seconds)
                except subprocess.TimeoutExpired:
                    parent.send_signal(signal.SIGKILL)
            parent.wait(20)
        finally:
            parent.kill()
    wait_until(lambda: not Path("/proc", str(child)).exists() or is_zombie(child), seconds=5)


def is_zombie(process: int) -> bool:
    """Return whether the process has ended but has not been reaped."""
    return Path("/proc", str(process), "stat").read_text().rpartition(")")[2].split()[0] == "Z"
