"""Counts of what happened at one node since the daemon started."""

import msgspec

_LOST_STEP_SECONDS = 1.0
_SLOWER = 1.5


class Counters(msgspec.Struct, frozen=True):
    """An immutable snapshot, which any thread may read.

    The source counts sound, the place adds what inference costs, and the report adds the broker's
    numbers, which are the same at every node.
    """

    windows: int = 0
    """Windows heard."""
    late_windows: int = 0
    """Windows skipped because they came too late."""
    lost_seconds: float = 0.0
    """Seconds of sound missed: overwritten, or while deaf; time while muted does not count."""
    overflows: int = 0
    """Times that sound was overwritten before it was read."""
    reopens: int = 0
    """Times that sound returned after a loss."""
    reconnects: int = 0
    """Connections to the broker after the first one."""
    queued: int = 0
    """Events that the broker has not acknowledged yet."""
    dropped: int = 0
    """Events dropped for lack of room, or because the broker would never accept them."""
    refused: int = 0
    """Times that the broker refused a message."""
    refusing: tuple[str, ...] = ()
    """The kinds of messages that the broker refuses now."""
    inference_ms: float = 0.0
    """Moving average of the time that a window above the gate takes, in milliseconds."""
    practice_ms: float = 0.0
    """Moving average of the time that the companion takes for a window of playing."""

    def differs_notably(self, other: "Counters") -> bool:
        """Return True if the difference is worth publishing: not if only windows were counted."""
        if abs(self.lost_seconds - other.lost_seconds) >= _LOST_STEP_SECONDS:
            return True
        for own, others in (
            (self.inference_ms, other.inference_ms),
            (self.practice_ms, other.practice_ms),
        ):
            fast, slow = sorted((own, others))
            if slow - fast >= 1.0 and slow >= _SLOWER * fast:
                return True
        return other != msgspec.structs.replace(
            self,
            windows=other.windows,
            lost_seconds=other.lost_seconds,
            inference_ms=other.inference_ms,
            practice_ms=other.practice_ms,
        )
