"""Pipes, standard input, and unusual file names."""

import json
import os
import resource
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from daemon.errors import InputError
from daemon.sound.containers.input import available_bytes
from daemon.sound.sound_file import read_pieces, read_sound
from tests.conftest import ROOT
from tests.daemon.made_sounds import (
    SECONDS,
    encode,
    encode_with_ffmpeg,
    mp3,
    noise,
    put,
    seconds_heard,
    steps,
    wav,
    without_header,
)
from tests.daemon.sound.test_sound_file import refusal, warnings_of
from tests.daemon.special_files import as_device, as_socket

ALL = list(range(SECONDS))
RAW = (steps() * 32_767).astype("<i2").tobytes()
MADE: dict[str, Callable[[], bytes]] = {
    "wav": wav,
    "float wav": lambda: encode("WAV", "FLOAT"),
    "wav of a pipe": lambda: wav(0xFFFF_FFFF),
    "wav without a size": lambda: wav(0),
    "aiff": lambda: encode("AIFF", "PCM_16"),
    "au": lambda: encode("AU", "PCM_16"),
    "flac": lambda: encode("FLAC", "PCM_16"),
    "ogg": lambda: encode("OGG", "VORBIS"),
    "opus": lambda: encode("OGG", "OPUS"),
    "mp3": mp3,
    "bare mp3": lambda: without_header(mp3()),
    "tagged mp3": lambda: b"ID3\4\0\0\0\0\2\0" + bytes(256) + mp3(),
    "mp3 from the middle of a frame": lambda: mp3(mode="CONSTANT")[300:],
    "ac3": lambda: encode_with_ffmpeg("ac3", "ac3", rate_hz=48_000),
    "eac3": lambda: encode_with_ffmpeg("eac3", "eac3", rate_hz=48_000),
    "m4a": lambda: encode_with_ffmpeg("mp4", "aac", rate_hz=48_000),
    "webm": lambda: encode_with_ffmpeg("webm", "libopus", rate_hz=48_000),
}


@contextmanager
def fifo(path: Path, content: bytes) -> Iterator[None]:
    """Create a named pipe at `path` and write `content` to its reader."""
    os.mkfifo(path)

    def write() -> None:
        with suppress(BrokenPipeError):  # The reader may stop early.
            path.write_bytes(content)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        writer.join()


@contextmanager
def standard_input(monkeypatch: pytest.MonkeyPatch, path: Path) -> Iterator[None]:
    with path.open(encoding="latin-1") as file:
        monkeypatch.setattr(sys, "stdin", file)
        yield


@pytest.mark.parametrize("kind", MADE)
def test_reads_any_format_from_a_pipe(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "pipe"
    with fifo(path, MADE[kind]()):
        heard = read_sound(str(path))
    assert seconds_heard(heard) == ALL
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("is_pipe", [True, False])
@pytest.mark.parametrize("kind", ["raw", *MADE])
def test_recognizes_any_format_on_standard_input(
    *,
    kind: str,
    is_pipe: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    content = RAW if kind == "raw" else MADE[kind]()
    path = tmp_path / "content"
    if is_pipe:
        with fifo(path, content), standard_input(monkeypatch, path):
            heard = read_sound("-")
    else:
        path.write_bytes(content)
        with standard_input(monkeypatch, path):
            heard = read_sound("-")
    assert seconds_heard(heard) == ALL
    expected = kind == "wav without a size" and not is_pipe
    assert [("never finished" in line) for line in warnings_of(caplog)] == [True] * expected


@pytest.mark.parametrize("has_header", [True, False])
@pytest.mark.parametrize("is_standard_input", [True, False])
def test_reads_mp3_with_a_cover_picture_from_a_pipe(
    *,
    is_standard_input: bool,
    has_header: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # The tag has 40 000 bytes, more than the head that is read to detect a pipe's format.
    tag = b"ID3\4\0\0\0\2\x38\x40APIC" + bytes(range(1, 251)) * 159 + bytes(246)
    content = tag + (mp3() if has_header else without_header(mp3()))
    path = tmp_path / "x"
    with fifo(path, content):
        if is_standard_input:
            with standard_input(monkeypatch, path):
                heard = read_sound("-")
        else:
            heard = read_sound(str(path))
    assert seconds_heard(heard) == ALL
    assert np.array_equal(heard, read_sound(str(put(tmp_path, "x.mp3", content))))
    assert warnings_of(caplog) == []


def test_raw_tone_on_standard_input_is_no_mp3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The last two samples of each period look like the header of an MP3 frame of 384 bytes.
    raw = np.tile(np.array([*range(0, 14_000, 1_000), -1_025, 0x4094], "<i2"), 4_000)
    assert b"\xff\xfb\x94\x40" in raw.tobytes()
    path = tmp_path / "raw"
    with fifo(path, raw.tobytes()), standard_input(monkeypatch, path):
        heard = read_sound("-")
    assert np.array_equal(heard, raw.astype(np.float32) / 32_768)


@pytest.mark.parametrize("marker", [b"MPCK", b"MP+\7", b"MP+\x17"])
def test_musepack_on_standard_input_is_not_raw_sound(
    marker: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    with fifo(path, marker + b"no sound\n" * 99), standard_input(monkeypatch, path):
        assert "cannot be read as audio" in refusal("-")


def test_rejects_a_tag_without_music_on_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    with (
        fifo(path, b"ID3\4\0\0\0\2\x38\x40" + bytes(40_000) + b"no sound\n" * 99),
        standard_input(monkeypatch, path),
    ):
        assert "cannot be read as audio" in refusal("-")


def test_reads_wav_from_a_pipe_as_it_arrives(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    number = os.open(path, os.O_RDWR)
    os.write(number, wav(0x7FFF_FF00)[:40_000])
    pieces = read_pieces(str(path))
    assert len(next(pieces)) > 0
    pieces.close()  # type: ignore[attr-defined]
    os.close(number)


def test_warns_of_sound_beyond_the_header_of_a_pipe(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "pipe"
    with fifo(path, wav(2 * 2 * 16_000)):
        assert seconds_heard(read_sound(str(path))) == ALL[:2]
    assert warnings_of(caplog) == [
        f"{path}: only the first 2.0 s are read; save it as a file first to read all of it"
    ]


@pytest.mark.parametrize(
    "tail",
    [bytes(9_000), b"ID3\4\0\0\0\0\x46\x28" + bytes(range(1, 251)) * 36],
    ids=["zeros", "tag"],
)
def test_does_not_warn_of_other_bytes_behind_a_wav_in_a_pipe(
    tail: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "pipe"
    with fifo(path, wav(tail=tail)):
        assert seconds_heard(read_sound(str(path))) == ALL
    assert warnings_of(caplog) == []


def insert_chunk(content: bytes, name: bytes, body: bytes) -> bytes:
    """Return a WAV file with an additional chunk before its format chunk."""
    chunk = name + struct.pack("<I", len(body)) + body
    return (
        content[:4]
        + struct.pack("<I", len(content) + len(chunk) - 8)
        + content[8:12]
        + chunk
        + content[12:]
    )


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
@pytest.mark.parametrize(
    ("name", "body"),
    [(b"LIST", b"INFOICMT\x0c\0\0\0fmt \x10\0\0\0\1\0\1\0"), (b"JUNK", bytes(20_000))],
    ids=["text", "long"],
)
def test_scales_float_wav_in_a_pipe_with_a_chunk_before_its_format(
    *,
    name: bytes,
    body: bytes,
    container: str,
    subtype: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    content = encode(container, subtype, steps() * np.float32(32_768))
    path = tmp_path / "pipe"
    with fifo(path, insert_chunk(content, name, body)):
        heard = read_sound(str(path))
    assert seconds_heard(heard) == ALL
    assert np.abs(heard).max() == pytest.approx(0.4, abs=0.01)
    (warning,) = warnings_of(caplog)
    assert "which is the scale of integers" in warning


def test_rejects_a_pipe_that_libsndfile_rejects(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    with fifo(path, wav().replace(b"fmt ", b"tmf ")):
        assert "cannot be read as audio" in refusal(path)


def test_rejects_text_on_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    with fifo(path, b"This is a letter and no sound.\n" * 40):
        assert "cannot be read as audio" in refusal(path)


def test_rejects_a_pipe_too_long_to_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.sound.containers.input._MOST_SPOOLED_BYTES", 50_000)
    path = tmp_path / "pipe"
    content = encode("FLAC", "PCM_16", noise())
    os.mkfifo(path)
    source = put(tmp_path, "x.flac", content)
    # The rest is never read, so the writer fails.
    with subprocess.Popen(["sh", "-c", f"cat {source} > {path}"], stderr=subprocess.DEVNULL):
        assert "save it as a file first" in refusal(path)


def test_rejects_only_the_pipe_that_does_not_fit_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    content = encode("FLAC", "PCM_16", noise())
    good = put(tmp_path, "good.flac", content)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with fifo(path, content):
        # The kernel also applies this limit to files in memory.
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
        try:
            message = refusal(path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert message == (
        f"{path}: the pipe cannot be copied into memory (File too large); save it as a file first"
    )
    assert len(read_sound(str(good))) == SECONDS * 16_000


def test_rejects_a_pipe_larger_than_half_of_the_free_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 1 << 20 < available_bytes() < 1 << 50
    monkeypatch.setattr("daemon.sound.containers.input.available_bytes", lambda: 4 << 20)
    path = tmp_path / "pipe"
    with fifo(path, b"fLaC" + bytes(3 << 20)):
        assert "may hold at most 2 MB; save it as a file first" in refusal(path)


def test_rejects_sockets_and_devices(tmp_path: Path) -> None:
    as_socket(tmp_path / "socket")
    assert "is neither a file nor a pipe" in refusal(tmp_path / "socket")
    as_device(tmp_path / "device")
    assert "is neither a file nor a pipe" in refusal(tmp_path / "device")


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 300, "x.wav/y.wav"])
def test_rejects_an_invalid_file_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "x.wav", wav())
    with pytest.raises(InputError, match=r"; (check the name|name an audio file|check the file)"):
        read_sound(name)


NAMES = [
    b"2026-07-08-rec-14:26:11.m4a", b"dir:1/x.m4a", b"http:x.m4a", b"file:x.wav", b"-x.wav",
    b"M\xfcller.wav", b"M\xfcller.m4a", b"esc\x1b[31m\x9b2J.wav", b"line\nfeed.m4a", b"pipe:0",
    b"concat:a|b", b"%d.wav", b" .wav", "Übung 日本.wav".encode(),
]  # fmt: skip


def test_file_of_any_name_is_read_and_shown_without_control_characters(tmp_path: Path) -> None:
    m4a, plain = encode_with_ffmpeg("mp4", "aac", rate_hz=48_000), wav()
    for name in NAMES:
        path = os.path.join(os.fsencode(tmp_path), name)  # noqa: PTH118
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(m4a if name.endswith(b"m4a") or b":" in name else plain)
    program = [sys.executable, "-m", "daemon", "replay"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [*program, "--json", "--scores", "--", *NAMES, b""],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    files = [json.loads(line)["file"] for line in done.stdout.splitlines()]
    assert [os.fsencode(name) for name in dict.fromkeys(files)] == NAMES
    assert len(files) == 5 * len(NAMES)
    assert done.returncode == 2
    assert done.stderr == b"timbrel: '': the name is empty; name an audio file\n"
    assert done.stdout.decode().replace("\n", "").isprintable()
    shown = subprocess.run(
        [*program, "--", *NAMES, b"", b"absent\x1b[2J\xff"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    said = (shown.stdout + shown.stderr).decode()
    assert said.replace("\n", "").isprintable()
    assert said.count("no event") == len(NAMES)
    assert "absent\\x1b[2J\\udcff: no such file; check the name" in said
