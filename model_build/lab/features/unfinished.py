"""A folder of features that grows shard by shard, so that an interrupted command can continue."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from model_build.lab.data.locked_folder import locked_folder
from model_build.lab.data.new_folder import new_folder, replace_folder
from model_build.lab.features.shard import Made, Shard

VALUES, MADE = "values.float32", "made.jsonl"
"""The files of a folder: the chunks as float32, and a `Made` for each shard, in a line each."""


class Unfinished:
    """The features that are computed so far, of the first recordings."""

    def __init__(self, values: BinaryIO, lines: BinaryIO, chunk_bytes: int) -> None:
        self._values, self._lines = values, lines
        self.made = Made([], [], [])
        """What is known of the recordings that need not be computed again."""
        self._drop_incomplete(chunk_bytes)

    def add(self, shard: Shard) -> None:
        """Append the next recordings."""
        # The line comes last: an interruption before it only costs this shard.
        self._values.write(shard.values)
        self._values.flush()
        self._lines.write(msgspec.json.encode(shard.made) + b"\n")
        self._lines.flush()
        self.made.extend(shard.made)

    def _drop_incomplete(self, chunk_bytes: int) -> None:
        """Read the complete shards, and cut off what an interruption left behind them."""
        chunks = os.fstat(self._values.fileno()).st_size // chunk_bytes
        end = 0
        self._lines.seek(0)
        for line in self._lines:
            try:
                made = msgspec.json.decode(line, type=Made)
            except msgspec.DecodeError:
                break
            if not line.endswith(b"\n") or self.made.chunks + made.chunks > chunks:
                break
            self.made.extend(made)
            end += len(line)
        self._lines.truncate(end)
        self._values.truncate(self.made.chunks * chunk_bytes)


@contextlib.contextmanager
def unfinished(place: Path, chunk_bytes: int) -> Iterator[Unfinished]:
    """Yield the features that will be at `place`, and rename them to it if the block succeeds.

    If it fails, what is computed stays in a hidden folder beside `place`, and the next call
    continues there. While another process works in that folder, this one has a temporary folder.
    `chunk_bytes` is the size of a chunk in the file.
    """
    own = place.parent / f".unfinished-{place.name}"
    with locked_folder(own) as is_ours:
        if is_ours:
            yield from _grown(own, chunk_bytes)
            replace_folder(own, place)
            return
    with new_folder(place) as fresh:
        yield from _grown(fresh, chunk_bytes)


def _grown(folder: Path, chunk_bytes: int) -> Iterator[Unfinished]:
    # Appending: truncated files grow from their new end.
    with (folder / VALUES).open("a+b") as values, (folder / MADE).open("a+b") as lines:
        yield Unfinished(values, lines, chunk_bytes)
