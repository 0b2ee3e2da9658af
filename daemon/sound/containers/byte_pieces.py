"""A read-only file composed of bytes and of ranges of another file."""

import io
import os
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TypeAlias

# Length of the end of a file, where MP3 decoders look for a tag.
_TAG_BYTES = 128
_BUFFER_BYTES = 1 << 17

Piece: TypeAlias = bytes | range


class BytePieces(io.RawIOBase):
    """The concatenated pieces; a range holds offsets into the file with descriptor `number`.

    `claimed_bytes` is the length that seeking to the end reports, larger than the true one; beyond
    the true end, only the last 128 bytes can be read, as zeros. A read error ends the file and is
    stored in `error`, because callers in C cannot handle an exception.
    """

    def __init__(
        self, number: int, pieces: Sequence[Piece], *, claimed_bytes: int | None = None
    ) -> None:
        self._number = number
        self._pieces = pieces
        self._starts = [0, *accumulate(map(len, pieces))]
        self._claimed_bytes = claimed_bytes
        self._position = 0
        # Decoders read a few bytes at a time.
        self._buffer = b""
        self._buffer_start = 0
        self.furthest = 0
        """Offset after the furthest byte read, at most the true length."""
        self.error: OSError | None = None
        """The last read error."""

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
        """Move to a position, which may be beyond the end; return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(
            whence, self._claimed_bytes or self.size
        )
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` with as many bytes as remain; return their number.

        A read error ends the file without an exception; see `error`.
        """
        view = memoryview(buffer)
        filled = 0
        while filled < len(view) and (count := self._read_piece(view[filled:])):
            filled += count
            self._position += count
        self.furthest = max(self.furthest, min(self._position, self.size))
        return filled

    def _read_piece(self, view: memoryview) -> int:
        """Read from the current piece only; return the number of bytes, 0 at the end."""
        if self._position >= self.size:
            return self._read_claimed(view)
        which = bisect_right(self._starts, self._position) - 1
        piece, start = self._pieces[which], self._position - self._starts[which]
        rest = piece[start : start + len(view)]
        if isinstance(rest, bytes):
            view[: len(rest)] = rest
            return len(rest)
        content = self._read_buffered(rest)
        view[: len(content)] = content
        return len(content)

    def _read_buffered(self, wanted: range) -> memoryview:
        """Return the file's bytes from the start of `wanted` on, possibly not all of them."""
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


def apply_patches(end: int, patches: Mapping[int, bytes], start: int = 0) -> list[Piece]:
    """Return a file's bytes from `start` to `end`, with the bytes at `patches` replaced.

    `patches` maps offsets to replacements.
    """
    pieces: list[Piece] = []
    position = start
    for offset, replacement in sorted(patches.items()):
        pieces += [range(position, offset), replacement]
        position = offset + len(replacement)
    return [*pieces, range(position, end)]
