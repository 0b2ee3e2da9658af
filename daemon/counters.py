"""What happened at one node since the daemon started, as a snapshot that never changes."""

from dataclasses import dataclass, replace

_LOST_STEP_SECONDS = 1.0
_SLOWER = 1.5


@dataclass(frozen=True, slots=True)
class Counters:
    """`lost_seconds` is sound that was missed: overwritten, or while deaf; not while muted.

    `late_windows` came too late and were skipped; `overflows` counts the moments when sound was
    overwritten, `reopens` how often the source gave sound again after a loss. `reconnects`,
    `queued` and `dropped` (events), `refused` (messages, each time) and `refusing` (the kinds that
    the broker refuses now) tell of the box's broker, the same at every node. An event is dropped
    where there is no room for it or where the broker would never accept it.
    """

    windows: int = 0
    late_windows: int = 0
    lost_seconds: float = 0.0
    overflows: int = 0
    reopens: int = 0
    reconnects: int = 0
    queued: int = 0
    dropped: int = 0
    refused: int = 0
    refusing: tuple[str, ...] = ()
    inference_ms: float = 0.0

    def differs_notably(self, other: "Counters") -> bool:
        """Return True if the difference is worth publishing: not if only windows were counted."""
        if abs(self.lost_seconds - other.lost_seconds) >= _LOST_STEP_SECONDS:
            return True
        slow, fast = sorted((self.inference_ms, other.inference_ms), reverse=True)
        if slow - fast >= 1.0 and slow >= _SLOWER * fast:
            return True
        return other != replace(
            self,
            windows=other.windows,
            lost_seconds=other.lost_seconds,
            inference_ms=other.inference_ms,
        )
