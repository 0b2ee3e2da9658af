"""The parts of a sound file: one stretch of sound, or several joined ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.sound.containers.byte_pieces import Piece


class UnsuitableError(Exception):
    """libsndfile would misread this content; the message is the reason, as a phrase."""


class DamagedError(UnsuitableError):
    """libsndfile would skip the damaged sound, so that later sound would be too early."""

    def __init__(self) -> None:
        super().__init__("damaged")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One stretch of a file, which libsndfile reads as a complete file."""

    pieces: Sequence[Piece] | None = None
    """The content that libsndfile reads; None for the unchanged file."""
    hides_length: bool = False
    """True to hide the length from libsndfile, which would estimate a wrong duration from it."""
    frames: int | None = None
    """Samples per channel that the header promises, if the pieces do not contain the number."""
    trusts_count: bool = False
    """True if the header promises the number of frames that libsndfile finds."""
    notice: str | None = None
    """A warning about this part; `{seconds}` stands for the length of the sound that is read."""
    silence_seconds: float = 0.0
    """Silence to insert before this part, for lost sound."""


TRUNCATED = "truncated; the {seconds:.1f} s that can be decoded are used"
UNFINISHED = "its recording was never finished; the {seconds:.1f} s in it are used"
UNREAD = "only the first {seconds:.1f} s are read; save it as a file first to read all of it"
LONGER = "longer than its header says; all {seconds:.1f} s of it are used"
DAMAGED = "damaged; silence replaces the sound that cannot be decoded"
