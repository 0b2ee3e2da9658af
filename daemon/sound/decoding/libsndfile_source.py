"""Open a part of a file for libsndfile: a pipe, pieces of the file, or the file itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from select import select

from daemon.sound.containers.byte_pieces import BytePieces
from daemon.sound.containers.input import SoundInput, rejoin_pipe
from daemon.sound.containers.part import Part

# So long that a duration estimated from it is never too short.
_CLAIMED_BYTES = 1 << 40
# Fewer unread bytes after the sound are tags.
_LEAST_UNREAD = 4_096
_MOST_PADDING = 1 << 20
# A writer may keep a pipe open after the sound.
_PATIENCE_SECONDS = 0.5


class LibsndfileSource:
    """The input that libsndfile opens for one part."""

    def __init__(self, file: SoundInput, opens: int | BytePieces) -> None:
        self._file = file
        self.opens = opens
        """A file descriptor, or pieces of the file."""

    def is_at_end(self) -> bool:
        """Return whether libsndfile has read the last byte."""
        if isinstance(self.opens, BytePieces):
            return self.opens.furthest >= self.opens.size
        return self._file.size is None or os.lseek(self.opens, 0, os.SEEK_CUR) >= self._file.size

    def has_more(self) -> bool:
        """Return whether a pipe holds more data after the sound than zeros, a tag or WAV chunks."""
        if self._file.size is not None or not isinstance(self.opens, int):
            return False
        rest, count = b"", 0
        while len(rest) < _LEAST_UNREAD and select([self.opens], [], [], _PATIENCE_SECONDS)[0]:
            piece = os.read(self.opens, _LEAST_UNREAD)
            count += len(piece)
            if not piece or count > _MOST_PADDING:
                break
            rest = (rest + piece).lstrip(b"\0")
        is_tag = rest.startswith(b"ID3") or rest[:4].strip().isalnum()
        return len(rest) >= _LEAST_UNREAD and not is_tag

    @property
    def error(self) -> OSError | None:
        """The error that reading the pieces met, or None."""
        return self.opens.error if isinstance(self.opens, BytePieces) else None


@contextmanager
def open_source(file: SoundInput, part: Part) -> Iterator[LibsndfileSource]:
    """Open `part` of `file` for libsndfile, positioned at its start."""
    if file.size is None:
        with rejoin_pipe(file) as number:
            yield LibsndfileSource(file, number)
    elif part.pieces is not None:
        claimed_bytes = _CLAIMED_BYTES if part.hides_length else None
        pieces = BytePieces(file.number, part.pieces, claimed_bytes=claimed_bytes)
        yield LibsndfileSource(file, pieces)
    else:
        os.lseek(file.number, 0, os.SEEK_SET)
        yield LibsndfileSource(file, file.number)
