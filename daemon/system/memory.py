"""Return unused memory to the system regularly, so that memory use stays level over a year."""

import ctypes
import gc
import time

_COLLECT_SECONDS = 10.0


class GarbageCollector:
    """Collects reference cycles every 10 s; call it on every turn of the loop.

    Each connection to the broker leaves reference cycles behind, which Python collects only when
    there are very many. Objects that exist at the first call are frozen, so that collections stay
    cheap. The C library keeps freed memory until `malloc_trim` (where available) returns it.
    """

    def __init__(self) -> None:
        self._collect_at: float | None = None
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)

    def __call__(self) -> None:
        """Collect cycles and trim the heap if the last collection was 10 s ago."""
        now = time.monotonic()
        if self._collect_at is None:
            gc.freeze()
        elif now < self._collect_at:
            return
        else:
            gc.collect()
            self._trim(0)
        self._collect_at = now + _COLLECT_SECONDS
