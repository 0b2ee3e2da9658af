"""Walk the chunks of a RIFF file: each has an id of four letters, a length, and its content."""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.tags import may_be_sound

HEADER_BYTES = 8
# Chunks such as `LIST` at the end of a WAV file; a search must not match arbitrary four letters.
_KNOWN = (
    b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"_PMX", b"cue ", b"smpl", b"inst", b"fact",
    b"JUNK", b"junk", b"PAD ", b"FLLR", b"PEAK", b"plst", b"acid", b"afsp", b"axml", b"chna",
    b"cart", b"umid", b"DISP", b"minf", b"elm1", b"regn", b"DGDA", b"LGWV", b"levl", b"SAUR",
    b"strc", b"ovwf", b"Xtra", b"labl",
)  # fmt: skip
_SEARCH = re.compile(b"|".join(map(re.escape, _KNOWN)))
_SEARCHED_BYTES = 1 << 20
_MOST_CHUNKS = 1_000


class Chunk(NamedTuple):
    """One chunk of a RIFF file."""

    name: bytes
    """Its id, 4 bytes."""
    start: int
    """Offset of its content in the file."""
    size: int
    """Length of its content in bytes, according to its header."""

    @property
    def end(self) -> int:
        """Offset after its content; it may be beyond the file's end."""
        return self.start + self.size

    @property
    def has_valid_name(self) -> bool:
        """True if its name consists of 4 visible ASCII characters or spaces."""
        return len(self.name) == 4 and all(0x20 <= byte < 0x7F for byte in self.name)  # noqa: PLR2004


def chunk_at(file: SoundInput, offset: int, order: str) -> Chunk:
    """Return the chunk whose header is at `offset`; `order` is a byte order of `struct`."""
    header = file.read(offset, HEADER_BYTES).ljust(HEADER_BYTES, b"\0")
    return Chunk(header[:4], offset + HEADER_BYTES, struct.unpack_from(f"{order}I", header, 4)[0])


def chunks(file: SoundInput, offset: int, end: int, order: str) -> Iterator[Chunk]:
    """Yield consecutive chunks from `offset` on, up to the first one with an invalid name."""
    for _ in range(_MOST_CHUNKS):
        if offset + HEADER_BYTES > end:
            return
        chunk = chunk_at(file, offset, order)
        if not chunk.has_valid_name:
            return
        yield chunk
        offset = chunk.end
        # Some programs do not pad a chunk of odd size.
        if chunk.size % 2 and not chunk_at(file, offset, order).has_valid_name:
            offset += 1


def are_chunks(file: SoundInput, offset: int, end: int, order: str) -> bool:
    """Return whether the bytes from `offset` to `end` are chunks, not sound.

    The chunks must be complete, or a single known one, which may be cut.
    """
    last: Chunk | None = None
    for chunk in chunks(file, offset, end, order):
        last = chunk
    if last is None:
        return False
    if last.end > end:
        return last.name in _KNOWN and last.start == offset + HEADER_BYTES
    return not may_be_sound(file, last.end, end, HEADER_BYTES)


def before_chunks(file: SoundInput, start: int, end: int, order: str) -> int:
    """Return the offset of the known chunks that end at `end`, or `end` if there are none."""
    start = max(start, end - _SEARCHED_BYTES)
    for found in _SEARCH.finditer(file.read(start, end - start)):
        at = start + found.start()
        ends = [chunk.end for chunk in chunks(file, at, end, order)]
        if ends and ends[-1] <= end < ends[-1] + HEADER_BYTES:
            return at
    return end
