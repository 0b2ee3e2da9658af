"""What a sound file consists of: one stretch of sound, or several joined ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.sound.containers.byte_pieces import Piece


class UnsuitableError(Exception):
    """libsndfile would misread this content; the message is the reason, as a phrase."""


class DamagedError(UnsuitableError):
    """libsndfile would leave out what is damaged, and put later sound too early."""

    def __init__(self) -> None:
        super().__init__("damaged")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One stretch of a file that libsndfile reads from its own first to its own last sample."""

    pieces: Sequence[Piece] | None = None
    """What libsndfile is shown; None: the file as it is."""
    hides_length: bool = False
    """Whether libsndfile must not know the length, because it would guess a wrong duration."""
    frames: int | None = None
    """Samples a channel that the header promises and libsndfile is not shown."""
    trusts_count: bool = False
    """Whether libsndfile's own number of frames is what the header promises."""
    notice: str | None = None
    """A warning about this part, with `{seconds}` for how much is heard."""
    silence_seconds: float = 0.0
    """How much sound is missing before this part."""


TRUNCATED = "truncated; the {seconds:.1f} s that decode are used"
UNFINISHED = "its recording was never finished; the {seconds:.1f} s in it are used"
UNREAD = "only the first {seconds:.1f} s are read; save it as a file first to hear all of it"
LONGER = "longer than its header says; all {seconds:.1f} s of it are used"
DAMAGED = "damaged; silence replaces what does not decode"
