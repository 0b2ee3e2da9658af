"""What libsndfile opens for a part of a file: a pipe, pieces of the file, or the file as it is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from select import select

from daemon.sound.containers.byte_pieces import BytePieces
from daemon.sound.containers.input import SoundInput, rejoined
from daemon.sound.containers.part import Part

# So long that no duration guessed from it is too short.
_CLAIMED_BYTES = 1 << 40
# Fewer bytes are tags.
_LEAST_UNREAD = 4_096
_MOST_PADDING = 1 << 20
# A writer may keep a pipe open after its sound.
_PATIENCE_SECONDS = 0.5


class Source:
    """What libsndfile opens for one part: the file by its number, or pieces of it."""

    def __init__(self, file: SoundInput, opens: int | BytePieces) -> None:
        self._file = file
        self.opens = opens

    def is_at_end(self) -> bool:
        """Whether libsndfile has read the last byte."""
        if isinstance(self.opens, BytePieces):
            return self.opens.furthest >= self.opens.size
        return self._file.size is None or os.lseek(self.opens, 0, os.SEEK_CUR) >= self._file.size

    def has_more(self) -> bool:
        """Whether a pipe goes on after the sound, and not with zeros, a tag or chunks of WAV."""
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
        """What failed while pieces were read."""
        return self.opens.error if isinstance(self.opens, BytePieces) else None


@contextmanager
def open_source(file: SoundInput, part: Part) -> Iterator[Source]:
    """Open what libsndfile is shown of a part: a pipe, pieces of the file, or the file itself."""
    if file.size is None:
        with rejoined(file) as number:
            yield Source(file, number)
    elif part.pieces is not None:
        claimed_bytes = _CLAIMED_BYTES if part.hides_length else None
        yield Source(file, BytePieces(file.number, part.pieces, claimed_bytes=claimed_bytes))
    else:
        os.lseek(file.number, 0, os.SEEK_SET)
        yield Source(file, file.number)
