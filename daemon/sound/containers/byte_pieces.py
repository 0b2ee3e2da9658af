"""A read-only file put together from bytes and from ranges of another file."""

import io
import os
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TypeAlias

# The last bytes of the claimed length, where MP3 decoders look for a tag.
_TAG_BYTES = 128
_BUFFER_BYTES = 1 << 17

Piece: TypeAlias = bytes | range


class BytePieces(io.RawIOBase):
    """The pieces one after another; a range holds the offsets of bytes in the open file `number`.

    `claimed_bytes`: the length that seeking to the end finds, larger than the true one; the bytes
    in between are missing, except for zeros at the very end. An error while reading ends the file
    and is kept in `error`, because callers in C cannot take an exception.
    """

    def __init__(
        self, number: int, pieces: Sequence[Piece], *, claimed_bytes: int | None = None
    ) -> None:
        self._number = number
        self._pieces = pieces
        self._starts = [0, *accumulate(map(len, pieces))]
        self._claimed_bytes = claimed_bytes
        self._position = 0
        # Decoders read little at a time.
        self._buffer = b""
        self._buffer_start = 0
        self.furthest = 0
        """How many bytes from the start have been read, at most the true length."""
        self.error: OSError | None = None

    @property
    def size(self) -> int:
        """The true length in bytes."""
        return self._starts[-1]

    def readable(self) -> bool:  # noqa: D102
        return True

    def seekable(self) -> bool:  # noqa: D102
        return True

    def tell(self) -> int:  # noqa: D102
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to a position, also one beyond the end; return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(
            whence, self._claimed_bytes or self.size
        )
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as there are bytes; return their number.

        An error while reading ends the file without an exception; see `error`.
        """
        view = memoryview(buffer)
        filled = 0
        while filled < len(view) and (count := self._read_piece(view[filled:])):
            filled += count
            self._position += count
        self.furthest = max(self.furthest, min(self._position, self.size))
        return filled

    def _read_piece(self, view: memoryview) -> int:
        """Read on within one piece; return the number of bytes, 0 at the end."""
        if self._position >= self.size:
            return self._read_claimed(view)
        which = bisect_right(self._starts, self._position) - 1
        piece, start = self._pieces[which], self._position - self._starts[which]
        rest = piece[start : start + len(view)]
        if isinstance(rest, bytes):
            view[: len(rest)] = rest
            return len(rest)
        content = self._buffered(rest)
        view[: len(content)] = content
        return len(content)

    def _buffered(self, wanted: range) -> memoryview:
        """Bytes of the file from the start of `wanted` on, not all if that is long."""
        offset = wanted.start - self._buffer_start
        if not 0 <= offset < len(self._buffer):
            try:
                self._buffer = os.pread(self._number, _BUFFER_BYTES, wanted.start)
            except OSError as error:
                self._buffer, self.error = b"", error
            self._buffer_start, offset = wanted.start, 0
        return memoryview(self._buffer)[offset : offset + len(wanted)]

    def _read_claimed(self, view: memoryview) -> int:
        if self._claimed_bytes is None or self._position < self._claimed_bytes - _TAG_BYTES:
            return 0
        count = max(0, min(len(view), self._claimed_bytes - self._position))
        view[:count] = bytes(count)
        return count


def patched(end: int, patches: Mapping[int, bytes], start: int = 0) -> list[Piece]:
    """A file's bytes between two offsets, with other bytes at the offsets in `patches`."""
    pieces: list[Piece] = []
    position = start
    for offset, replacement in sorted(patches.items()):
        pieces += [range(position, offset), replacement]
        position = offset + len(replacement)
    return [*pieces, range(position, end)]
