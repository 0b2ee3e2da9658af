"""Sound files with misleading headers, containers and names, and the checks for them."""

import functools
import os
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from daemon.errors import InputError
from daemon.sound.sound_file import read_sound
from daemon.system.printable import printable
from tests.daemon.hostile import EDITS, Case, Edit, check_audio, damaged
from tests.daemon.made_sounds import encode, encode_with_ffmpeg, mp3, steps, without_header

_SECONDS = 0.4
_MOST_NAME_BYTES = 200


@functools.cache
def _stream(kind: str) -> bytes:
    """Return a short file of the format `kind`, which libsndfile reads."""
    if kind == "bare MP3":
        return without_header(mp3(steps(_SECONDS)))
    if kind == "MP3":
        return mp3(steps(_SECONDS))
    container, _, subtype = kind.partition(" ")
    return encode(container, subtype, steps(_SECONDS))


_STREAMS = st.sampled_from(
    [
        *("WAV PCM_16", "WAV FLOAT", "WAV MS_ADPCM", "RF64 PCM_24", "AIFF PCM_16", "AIFF FLOAT"),
        *("CAF PCM_16", "W64 PCM_16", "AU PCM_16", "FLAC PCM_16", "OGG VORBIS", "OGG OPUS"),
        *("MP3", "bare MP3"),
    ]
)
_SIZES = st.sampled_from([0, 1, 7, 8, 100, 2**31 - 1, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1)
_TAILS = st.sampled_from(
    [
        b"", b"LIST\x04\0\0\0abcd", b"LIST\xff\xff\xff\xff", b"TAG" + bytes(125), bytes(999),
        b"APETAGEX" + struct.pack("<4I", 2_000, 2**31, 0, 2**31) + bytes(8), b"\xff" * 50,
        b"ID3\4\0\x10\x7f\x7f\x7f\x7f", b"999999LYRICS200", b"OggS", b"fLaC\0\0\0\x22",
    ]
)  # fmt: skip


def _joined(parts: list[tuple[str, bytes]], before: bytes, edits: list[Edit]) -> tuple[bytes, str]:
    """Join streams to one file, with tags between them and damage by `edits`."""
    content = before + b"".join(_stream(kind) + tail for kind, tail in parts)
    return damaged(content, edits), ".wav"


JOINED = st.builds(
    _joined,
    st.lists(st.tuples(_STREAMS, _TAILS), min_size=1, max_size=4),
    _TAILS,
    st.just([]) | EDITS,
)


def _with_sizes(kind: str, sizes: list[tuple[float, int, str]], tail: bytes) -> tuple[bytes, str]:
    """Return a file with numbers in its header replaced."""
    content = bytearray(_stream(kind))
    for place, number, form in sizes:
        at = int(place * min(200, len(content) - 8))
        with suppress(struct.error):
            struct.pack_into(form, content, at, number)
    return bytes(content) + tail, ".mp3"


HEADERS = st.builds(
    _with_sizes,
    _STREAMS,
    st.lists(
        st.tuples(
            st.floats(0, 1, exclude_max=True),
            _SIZES,
            st.sampled_from(["<I", ">I", "<H", ">H", "<Q", ">Q"]),
        ),
        max_size=3,
    ),
    _TAILS,
)


def _chunked(
    marker: bytes,
    rate_hz: int,
    first: list[tuple[bytes, int | None, bytes]],
    rest: list[tuple[bytes, int | None, bytes]],
) -> tuple[bytes, str]:
    """Return a WAV file with chunks in any order that state any sizes."""
    form = struct.pack("<HHIIHH", 1, 1, rate_hz, 32_000, 2, 16)
    body = b"WAVE"
    for name, size, content in first + rest:
        filled = form if name == b"fmt " else content
        body += name + struct.pack("<I", len(filled) if size is None else size) + filled
    return marker + struct.pack("<I", len(body)) + body, ""


CHUNKS = st.builds(
    _chunked,
    st.sampled_from([b"RIFF", b"RIFF", b"RF64", b"BW64", b"RIFX"]),
    st.sampled_from([0, 1, 8_000, 16_000, 44_100, 2**32 - 1]),
    st.sampled_from([[], [(b"fmt ", None, b"")]]),
    st.lists(
        st.tuples(
            st.sampled_from(
                [b"fmt ", b"fmt ", b"data", b"data", b"ds64", b"LIST", b"fact", b"\0\0\0\0"]
            ),
            st.none() | _SIZES,
            st.binary(max_size=60) | st.just(np.arange(999, dtype="<i2").tobytes()),
        ),
        min_size=1,
        max_size=6,
    ),
)


@functools.cache
def _container(kind: str) -> bytes:
    container, codec = kind.split()
    return encode_with_ffmpeg(
        container, codec, rate_hz=44_100 if container == "flv" else 48_000, seconds=0.4
    )


def _damaged_container(kind: str, edits: list[Edit], first: int) -> tuple[bytes, str]:
    content = _container(kind)
    head = content[:300] if first else content
    return damaged(head, edits) + content[len(head) :], ".wav"


CONTAINERS = st.builds(
    _damaged_container,
    st.sampled_from(
        [
            "mp4 aac",
            "webm libopus",
            "matroska flac",
            "avi pcm_s16le",
            "mpegts aac",
            "flv aac",
            "adts aac",
        ]
    ),
    EDITS,
    st.sampled_from([0, 1]),
)

_NAMES = st.builds(
    lambda name: (name, ""),
    st.binary(min_size=1, max_size=_MOST_NAME_BYTES)
    | st.text(min_size=1, max_size=40).map(lambda text: os.fsencode(text.encode(errors="replace")))
    | st.lists(
        st.sampled_from(
            [
                b"http:",
                b"file:",
                b"/",
                b"..",
                b"%d",
                b"\x1b[2J",
                b"\x9b",
                b"\xff",
                b"\n",
                b"|",
                b"-",
                b"a",
            ]
        ),
        min_size=1,
        max_size=5,
    ).map(b"".join),
)


def _refusal(path: str) -> str | None:
    try:
        read_sound(path)
    except InputError as error:
        return str(error)
    return None


def check_name(name: bytes, path: Path) -> bool:
    """Check that a file of any name is read, and is named printably in the error for text.

    Returns False if `name` cannot be used for a file.
    """
    name = name.replace(b"\0", b"0").replace(b"/", b"_")[:_MOST_NAME_BYTES]
    if name in {b".", b".."}:
        return False
    file = os.path.join(os.fsencode(path.parent), b"x" + name)  # noqa: PTH118
    Path(os.fsdecode(file)).write_bytes(_stream("WAV PCM_16"))
    assert _refusal(os.fsdecode(file)) is None
    Path(os.fsdecode(file)).write_bytes(b"no sound")
    message = _refusal(os.fsdecode(file))
    assert message is not None
    assert message.startswith(os.fsdecode(file))
    assert printable(message).isprintable()
    Path(os.fsdecode(file)).unlink()
    return True


SOUND_CASES = {
    "sound headers": Case(HEADERS, check_audio, 150),
    "sound chunks": Case(CHUNKS, check_audio, 150),
    "joined sounds": Case(JOINED, check_audio, 80),
    "containers": Case(CONTAINERS, check_audio, 15),
    "file names": Case(_NAMES, check_name, 15),
}
