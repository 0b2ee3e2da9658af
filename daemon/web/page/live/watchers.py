"""The browsers that watch the page live; a slow one misses messages, and nobody waits for it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

MOST_WATCHERS = 12
"""Browsers that can watch at a time."""
_MOST_WAITING = 100
# Proxies and browsers close a connection on which nothing comes.
_PAUSE_SECONDS = 15.0
_KEEP_ALIVE = b": still here\n\n"


def as_event(body: bytes) -> bytes:
    """Return a JSON body, which has no line ends, as a server-sent event."""
    return b"data: " + body + b"\n\n"


class Watcher:
    """One browser and the messages that wait for it."""

    def __init__(self, snapshot: Callable[[], bytes]) -> None:
        self._snapshot = snapshot
        self._waiting: deque[bytes] = deque()
        self._ready = asyncio.Event()
        self._needs_snapshot = True
        self._is_closed = False
        self._ready.set()

    def put(self, body: bytes) -> None:
        """Add a message; if too many wait, drop them all and send a new snapshot instead."""
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting.clear()
            self._needs_snapshot = True
        elif not self._needs_snapshot:
            self._waiting.append(body)
        self._ready.set()

    def close(self) -> None:
        """End the messages."""
        self._is_closed = True
        self._ready.set()

    async def messages(self) -> AsyncIterator[bytes]:
        """Yield a snapshot, then every message, until the watcher is closed."""
        while not self._is_closed:
            try:
                async with asyncio.timeout(_PAUSE_SECONDS):
                    await self._ready.wait()
            except TimeoutError:
                yield _KEEP_ALIVE
                continue
            self._ready.clear()
            if self._needs_snapshot:
                self._needs_snapshot = False
                self._waiting.clear()
                yield as_event(self._snapshot())
            while self._waiting:
                yield as_event(self._waiting.popleft())


class Watchers:
    """All watchers; used on the page's event loop, except `are_any`."""

    def __init__(self) -> None:
        self._all: dict[Watcher, str] = {}

    def are_any(self) -> bool:
        """Return whether anybody watches; may be called from any thread."""
        return bool(self._all)

    def add(self, snapshot: Callable[[], bytes], session: str = "") -> Watcher | None:
        """Return a new watcher with the key of its log-in; None if there are too many."""
        if len(self._all) >= MOST_WATCHERS:
            return None
        watcher = Watcher(snapshot)
        self._all[watcher] = session
        return watcher

    def remove(self, watcher: Watcher) -> None:
        """Forget a watcher."""
        self._all.pop(watcher, None)

    def put(self, body: bytes) -> None:
        """Add a message to every watcher."""
        for watcher in self._all:
            watcher.put(body)

    def close_of(self, session: str) -> None:
        """End the messages of the watchers of a log-in."""
        for watcher, its in self._all.items():
            if its == session:
                watcher.close()

    def close(self) -> None:
        """End the messages of all watchers."""
        for watcher in self._all:
            watcher.close()
