"""The chunks of a RIFF file: an id of four letters, a length, and so many bytes."""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.tags import is_sound

HEADER_BYTES = 8
# Such as `LIST` at the end of a WAV file. A search for them must not find any four letters.
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
    """One chunk; `start` and `end` are the offsets of its content."""

    name: bytes
    start: int
    size: int

    @property
    def end(self) -> int:
        """Where its content ends according to its header, which may be beyond the file's end."""
        return self.start + self.size

    @property
    def is_named(self) -> bool:
        """Whether its name is made of visible ASCII characters and spaces."""
        return len(self.name) == 4 and all(0x20 <= byte < 0x7F for byte in self.name)  # noqa: PLR2004


def chunk_at(file: SoundInput, offset: int, order: str) -> Chunk:
    """The chunk whose header is at an offset; byte order as `struct` writes it."""
    header = file.read(offset, HEADER_BYTES).ljust(HEADER_BYTES, b"\0")
    return Chunk(header[:4], offset + HEADER_BYTES, struct.unpack_from(f"{order}I", header, 4)[0])


def chunks(file: SoundInput, offset: int, end: int, order: str) -> Iterator[Chunk]:
    """The chunks one after another, as long as they have names."""
    for _ in range(_MOST_CHUNKS):
        if offset + HEADER_BYTES > end:
            return
        chunk = chunk_at(file, offset, order)
        if not chunk.is_named:
            return
        yield chunk
        offset = chunk.end
        # Not every program pads a chunk of odd size.
        if chunk.size % 2 and not chunk_at(file, offset, order).is_named:
            offset += 1


def are_chunks(file: SoundInput, offset: int, end: int, order: str) -> bool:
    """Whether chunks and no sound lie between two offsets.

    The chunks are whole, or there is a single known one, which may be cut.
    """
    last: Chunk | None = None
    for chunk in chunks(file, offset, end, order):
        last = chunk
    if last is None:
        return False
    if last.end > end:
        return last.name in _KNOWN and last.start == offset + HEADER_BYTES
    return not is_sound(file, last.end, end, HEADER_BYTES)


def before_chunks(file: SoundInput, start: int, end: int, order: str) -> int:
    """Where the known chunks begin that end at the offset `end`; `end` if there are none."""
    start = max(start, end - _SEARCHED_BYTES)
    for found in _SEARCH.finditer(file.read(start, end - start)):
        at = start + found.start()
        ends = [chunk.end for chunk in chunks(file, at, end, order)]
        if ends and ends[-1] <= end < ends[-1] + HEADER_BYTES:
            return at
    return end
