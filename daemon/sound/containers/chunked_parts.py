"""Find the true end of the sound in AIFF, CAF, Sony Wave64 and AU files; headers may be wrong."""

import struct
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from daemon.sound.containers.byte_pieces import apply_patches
from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.part import LONGER, TRUNCATED, UNFINISHED, Part
from daemon.sound.containers.riff_chunks import are_chunks
from daemon.sound.containers.riff_chunks import chunks as riff_chunks
from daemon.sound.containers.tags import before_tags, may_be_sound

# Fewer missing or additional bytes are padding.
_LEAST_BYTES = 8
# A tenth of a second of the smallest samples; fewer bytes behind the sound are other data.
_LEAST_SOUND_BYTES = 800
_PLACEHOLDER = 0x7FFF_0000
_UNKNOWN = 1 << 62
_MOST_CHUNKS = 1_000
_W64_CHUNK_BYTES = 24
_W64_FAMILY = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_CAF_CHUNK_BYTES = 12
_AU_UNKNOWN = 0xFFFF_FFFF
# Uncompressed codecs, whose sizes are multiples of a sample.
_PLAIN_AIFC = {b"NONE", b"sowt", b"twos", b"fl32", b"FL32", b"fl64", b"FL64", b"in24", b"in32"}


class _Data(NamedTuple):
    """The sound in a file, according to its header."""

    start: int
    """Offset of the sound."""
    size: int
    """Length of the sound in bytes."""
    corrections: Callable[[int], dict[int, bytes]]
    """Returns the patches, by offset, that change the size in the header to the given one."""
    is_followed: bool
    """True if a chunk comes after the sound."""

    @property
    def end(self) -> int:
        """Offset after the sound."""
        return self.start + self.size


def chunked_parts(file: SoundInput) -> list[Part]:
    """Return the sound of the file as one part: the unchanged file if its header is right."""
    head = file.read(0, 16)
    reader = {b"FORM": _aiff, b"caff": _caf, b"riff": _w64, b".snd": _au}[head[:4]]
    data = reader(file)
    if data is None:
        return [Part()]
    end = before_tags(file, file.end)
    present = end - data.start
    if data.size > present:
        if data.size < _PLACEHOLDER:
            return [Part(notice=TRUNCATED if data.size - present >= _LEAST_BYTES else None)]
        notice = None
    elif data.is_followed or present - data.size < _LEAST_BYTES:
        return [Part()]
    elif data.size and not may_be_sound(file, data.end, end, _LEAST_SOUND_BYTES):
        return [Part(pieces=[range(data.end)])]
    else:
        notice = LONGER if data.size else UNFINISHED
    return [Part(pieces=apply_patches(end, data.corrections(present)), notice=notice)]


def _aiff(file: SoundInput) -> _Data | None:
    common: tuple[int, int] | None = None
    for chunk in riff_chunks(file, 12, file.end, ">"):
        if chunk.name == b"COMM":
            content = file.read(chunk.start, min(chunk.size, 22))
            is_plain = len(content) < 22 or content[18:] in _PLAIN_AIFC  # noqa: PLR2004
            if len(content) >= 18 and is_plain:  # noqa: PLR2004
                channels, _, bits = struct.unpack_from(">HIH", content)
                common = chunk.start + 2, channels * ((bits + 7) // 8)
        elif chunk.name == b"SSND" and common is not None and common[1]:
            return _aiff_data(file, chunk.start, chunk.size, *common)
    return None


def _aiff_data(file: SoundInput, start: int, size: int, frames_at: int, frame_bytes: int) -> _Data:

    def corrections(number: int) -> dict[int, bytes]:
        return {
            frames_at: struct.pack(">I", min(number // frame_bytes, _AU_UNKNOWN)),
            start - 4: struct.pack(">I", min(number + 8, _AU_UNKNOWN)),
        }

    # FFmpeg writes no size to a pipe.
    length = size - 8 if size > 8 else _UNKNOWN  # noqa: PLR2004
    is_followed = size > 0 and are_chunks(file, start + size + size % 2, file.end, ">")
    return _Data(start + 8, length, corrections, is_followed)


def _caf(file: SoundInput) -> _Data | None:
    position = 8
    for _ in range(_MOST_CHUNKS):
        header = file.read(position, _CAF_CHUNK_BYTES)
        if len(header) < _CAF_CHUNK_BYTES:
            return None
        size = struct.unpack_from(">q", header, 4)[0]
        start = position + _CAF_CHUNK_BYTES
        if header[:4] == b"data":
            # The first four bytes of the chunk are an edit count.
            length = size - 4 if size >= 0 else _UNKNOWN
            following = file.read(start + max(0, size), _CAF_CHUNK_BYTES)
            return _Data(
                start + 4,
                max(0, length),
                partial(_correction, ">q", start - 8, 4),
                size > 0 and following[:4].isalpha() and following[4:8] == bytes(4),
            )
        if size < 0:
            return None
        position = start + size
    return None


def _w64(file: SoundInput) -> _Data | None:
    position = 40
    for _ in range(_MOST_CHUNKS):
        header = file.read(position, _W64_CHUNK_BYTES)
        if len(header) < _W64_CHUNK_BYTES or header[4:16] != _W64_FAMILY:
            return None
        size = struct.unpack_from("<Q", header, 16)[0]
        start = position + _W64_CHUNK_BYTES
        if header[:4] == b"data":
            following = file.read(position + (size + 7) // 8 * 8, 16)
            return _Data(
                start,
                max(0, size - _W64_CHUNK_BYTES),
                partial(_correction, "<Q", start - 8, _W64_CHUNK_BYTES),
                size > 0 and following[4:] == _W64_FAMILY,
            )
        position += max(_W64_CHUNK_BYTES, (size + 7) // 8 * 8)
    return None


def _correction(form: str, offset: int, more: int, number: int) -> dict[int, bytes]:
    return {offset: struct.pack(form, number + more)}


def _au(file: SoundInput) -> _Data | None:
    header = file.read(0, 12)
    if len(header) < 12:  # noqa: PLR2004
        return None
    start, size = struct.unpack_from(">II", header, 4)
    unknown = {8: struct.pack(">I", _AU_UNKNOWN)}
    return _Data(start, size, lambda _: unknown, is_followed=False)
