"""The chunks of some recordings, and what is known of them."""

from typing import NamedTuple

import msgspec


class Made(msgspec.Struct, frozen=True):
    """What is known of recordings whose chunks were computed: one item each."""

    counts: list[list[int]]
    """Chunks of each recording and of its copies; empty if the recording cannot be used."""
    problems: list[str]
    """Why each recording cannot be used; empty if it can."""
    sha256s: list[str]
    """SHA-256 of the samples of each recording; empty if it cannot be used."""

    @property
    def chunks(self) -> int:
        """Number of all chunks."""
        return sum(map(sum, self.counts))

    def extend(self, other: "Made") -> None:
        """Append what is known of further recordings."""
        self.counts.extend(other.counts)
        self.problems.extend(other.problems)
        self.sha256s.extend(other.sha256s)

    def __len__(self) -> int:
        """Return the number of recordings."""
        return len(self.problems)


class Shard(NamedTuple):
    """What a worker computes at once."""

    values: bytes
    """float32 (chunks, frames, values); of each recording its own chunks, then its copies'."""
    made: Made
    """What is known of the recordings."""
