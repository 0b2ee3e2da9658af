"""Memory that nobody needs any more, given back soon, so that it stays level over a year."""

import ctypes
import gc
import time

_CLEAR_SECONDS = 10.0


class GarbageCollector:
    """Called every turn of the loop.

    Each connection to the broker leaves Python objects behind that hold each other. Python itself
    looks for them only when there are very many; and all of what is there from the start would be
    looked through each time. The C library keeps what is freed, where it has a way to give it back.
    """

    def __init__(self) -> None:
        self._clear_at: float | None = None
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)

    def __call__(self) -> None:
        """Clear what there is, if the last time is long ago; cheap, for it is little."""
        now = time.monotonic()
        if self._clear_at is None:
            gc.freeze()
        elif now < self._clear_at:
            return
        else:
            gc.collect()
            self._trim(0)
        self._clear_at = now + _CLEAR_SECONDS
