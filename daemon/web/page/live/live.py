"""Passes what is heard and what changes on to the browsers that watch."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from daemon import __version__
from daemon.hearing.pipeline import Observer
from daemon.hearing.tracker import EventEnded
from daemon.hub.board import Board
from daemon.web.page.live.close_calls import CloseCall, CloseCalls
from daemon.web.page.live.ear import Ear, Moment
from daemon.web.page.live.memory import Change, Memory, PageCloseCall
from daemon.web.page.live.spectrogram import EVENT, LIVE, Spectrogram
from daemon.web.page.live.watchers import Watchers
from daemon.web.page.page_place import PagePlace, setting_leaves

# If the page's thread is too busy, the oldest moments are dropped. Each holds up to 0.5 MB.
_MOST_WAITING = 16
# While nobody watches, the page's thread works only now and then: for so many moments, an event or
# a topic that changes less often than these.
_MOMENTS_AT_ONCE = 8
_BUSY_LEAVES = frozenset({"level", "scores", "state", "diagnostics", "note", "now"})


class Live:
    """What the page shows live.

    Observers and the board put news in from other threads and never wait. The page's event loop,
    on which all other methods run, takes them out. `places` returns the current places.
    """

    def __init__(self, board: Board, places: Callable[[], Sequence[PagePlace]]) -> None:
        self.places = places
        """Returns the current places."""
        self.watchers = Watchers()
        """The browsers that watch."""
        self.memory = Memory()
        """The newest events, close calls and changes."""
        self._board = board
        self._lock = threading.Lock()
        self._moments: deque[Moment] = deque(maxlen=_MOST_WAITING)
        self._topics: dict[str, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._states: dict[str, dict[str, Any]] = {}
        self._close_calls: dict[str, CloseCalls] = {}
        self._scrolling, self._window = Spectrogram(LIVE), Spectrogram(EVENT)
        board.follow(self._note_topic)

    def observer(self, place: str) -> Observer:
        """Return an observer for a place."""
        margin_samples = self._scrolling.margin_samples
        return Ear(place, self._note_moment, self.watchers.are_any, margin_samples)

    def begin(self) -> None:
        """Start to take news on this event loop."""
        self._loop = asyncio.get_running_loop()
        for topic in self._board.topics():
            self._take_topic(topic)
        self._take()

    def close(self) -> None:
        """End all messages; may be called from any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.watchers.close)

    def snapshot(self) -> bytes:
        """Return everything that a new watcher needs, as JSON."""
        self._take()
        body = {
            "type": "hello",
            "version": __version__,
            "places": [
                {
                    "name": place.node.name,
                    "families": list(place.node.families),
                    "points": place.points(),
                    "states": self._states.get(place.node.name, {}),
                    "controls": place.described(),
                }
                for place in self.places()
            ],
            "bands": LIVE.bands,
            "columns_per_second": round(1 / LIVE.hop_seconds),
            "low_hz": LIVE.low_hz,
            "high_hz": LIVE.high_hz,
            "event_bands": EVENT.bands,
            "events": list(self.memory.events),
            "close_calls": list(self.memory.close_calls),
            "changes": list(self.memory.changes),
        }
        return msgspec.json.encode(body)

    def _note_moment(self, moment: Moment) -> None:
        with self._lock:
            self._moments.append(moment)
            waiting = len(self._moments)
        if self.watchers.are_any() or moment.events or waiting >= _MOMENTS_AT_ONCE:
            self._wake()

    def _note_topic(self, topic: str) -> None:
        with self._lock:
            self._topics[topic] = None
        if self.watchers.are_any() or topic.rpartition("/")[2] not in _BUSY_LEAVES:
            self._wake()

    def _wake(self) -> None:
        if self._loop is not None:
            # The loop may be closed already.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._take)

    def _take(self) -> None:
        """Process everything that waits."""
        with self._lock:
            moments, topics = list(self._moments), list(self._topics)
            self._moments.clear()
            self._topics.clear()
        for topic in topics:
            self._take_topic(topic)
        by_name = {place.node.name: place for place in self.places()}
        for moment in moments:
            if (place := by_name.get(moment.place)) is not None:
                self._take_moment(place, moment)

    def _take_topic(self, topic: str) -> None:
        message = self._board.newest(topic)
        for place in self.places():
            name, start = place.node.name, place.node.topic("")
            if message is None or not topic.startswith(start):
                continue
            leaf, value = topic.removeprefix(start), _value(message.payload)
            states = self._states.setdefault(name, {})
            before = states.get(leaf)
            # The first value of a setting is no change.
            is_new = before != value and (before is not None or leaf == "hearing")
            states[leaf] = value
            body = {"type": "state", "place": name, "leaf": leaf, "value": value}
            self._put(body | {"at": time.time()})
            if is_new and (leaf == "hearing" or leaf in setting_leaves(place.node)):
                self._changed(name, leaf, value)

    def _changed(self, place: str, leaf: str, value: Any) -> None:
        now = time.time()
        change = Change(at=now, place=place, leaf=leaf, value=value)
        self.memory.changes.append(change)
        self._put(change)
        if leaf == "hearing":
            state = value.get("hearing") if isinstance(value, Mapping) else None
            if place in self._close_calls:
                self._close_calls[place].forget()
            if state != "hearing":
                for event in self.memory.end_all(place, now, str(state)):
                    self._put(event)

    def _take_moment(self, place: PagePlace, moment: Moment) -> None:
        node, points = place.node, place.points()
        shown = place.shown.all(moment.scores).round(3).tolist()
        scores = dict(zip(node.families, shown, strict=True))
        body = {
            "type": "window",
            "place": moment.place,
            "at": moment.wall,
            "level": round(moment.level_dbfs, 1),
            "scores": scores,
            "points": points,
            "playing": moment.playing,
        }
        if moment.newest is not None:
            body["picture"] = self._scrolling.text(moment.newest)
        self._put(body)
        self._take_events(place, moment, scores, points)
        calls = self._close_calls.setdefault(moment.place, CloseCalls())
        for call in calls.update(moment.wall, scores, points, moment.playing):
            self._put_close_call(moment.place, call)

    def _take_events(
        self,
        place: PagePlace,
        moment: Moment,
        scores: Mapping[str, float],
        points: Mapping[str, float],
    ) -> None:
        sound_began = moment.wall - moment.ended_at
        for event in moment.events:
            if isinstance(event, EventEnded):
                peak = round(place.shown.of(event.family, event.peak), 3)
                known = self.memory.end(moment.place, event, peak)
            else:
                window = moment.window
                known = self.memory.start(
                    moment.place,
                    event,
                    sound_began,
                    score=round(place.shown.of(event.family, event.score), 3),
                    scores=scores,
                    points=points,
                    picture="" if window is None else self._window.text(window),
                )
            if known is not None:
                self._put(known)

    def _put_close_call(self, place: str, call: CloseCall) -> None:
        told = PageCloseCall(
            place=place,
            family=call.family,
            began=call.began,
            seconds=call.ended - call.began,
            score=call.score,
            point=call.point,
        )
        self.memory.close_calls.append(told)
        self._put(told)

    def _put(self, body: Any) -> None:
        if self.watchers.are_any():
            self.watchers.put(msgspec.json.encode(body))


def _value(payload: bytes) -> Any:
    """Return the value of a message: JSON, or plain text."""
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return payload.decode("utf-8", "replace")
