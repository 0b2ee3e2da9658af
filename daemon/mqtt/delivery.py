"""Decide which messages are sent to the broker, and when; opens no socket."""

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from daemon.configuration.settings import MqttSettings
from daemon.hub.board import Board
from daemon.hub.messages import Message, as_late
from daemon.mqtt.outbox.event_queue import OutgoingEvent
from daemon.mqtt.outbox.outbox import Outbox
from daemon.mqtt.refusals import NOT_AUTHORIZED, Refusals, is_final, is_refusal
from daemon.mqtt.wire.packet_limit import PacketLimit
from daemon.system.limited_log import LimitedLog

log = logging.getLogger(__name__)

_MOST_IN_FLIGHT = 20
_FIRST_RETRY_SECONDS = 60.0
_LONGEST_RETRY_SECONDS = 600.0
_ANSWER_SECONDS = 60.0

# Sends a message; returns its packet identifier, or None if the connection is lost.
Send: TypeAlias = Callable[[Message], int | None]


class _InFlight(NamedTuple):
    message: Message
    number: int | None
    """The event's number in the outbox; None for a retained message."""
    sent_at: float
    """time.monotonic()"""


class Delivery:
    """Sends the newest message of every topic at every connection, and every event once.

    `wait_sent` may be called from any thread, the rest from the link's only. Refused messages are
    logged and counted in `refusals`. A refused event returns to its place in the outbox; a refused
    retained message is sent again later.
    """

    def __init__(
        self, board: Board, outbox: Outbox, settings: MqttSettings, refusals: Refusals
    ) -> None:
        self._board = board
        self._outbox = outbox
        self._discovery = f"{settings.discovery_prefix}/"
        self._lock = threading.Lock()
        self._all_sent = threading.Condition(self._lock)
        # Topics of the board whose newest message has not been sent, in order.
        self._unsent: dict[str, None] = {}
        self._in_flight: dict[int, _InFlight] = {}
        self._answered_at = -math.inf
        self._newest_answered = -math.inf
        self._window = _MOST_IN_FLIGHT
        self._limit = PacketLimit()
        self._limited_log = LimitedLog(log)
        self._refused_events = False
        self._refused: dict[str, int] = {}
        self._is_authorized_now = False
        self._retry_at = math.inf
        self._retry_seconds = 0.0
        self._refusals = refusals
        board.follow(self._posted)

    def _posted(self, topic: str) -> None:
        with self._lock:
            self._unsent[topic] = None

    def wait_sent(self, seconds: float) -> None:
        """Wait until every retained message is sent, or until `seconds` have passed."""
        with self._all_sent:
            self._all_sent.wait_for(lambda: not self._unsent, seconds)

    def begin(self, receive_maximum: int, packet_bytes: int | None, *, v5: bool) -> None:
        """Send everything on a new connection, within the broker's limits.

        `packet_bytes` is the broker's maximum packet size, None without a limit.
        """
        self._refusals.begin()
        self._window = max(1, min(_MOST_IN_FLIGHT, receive_maximum))
        self._limit.connected(packet_bytes, properties=v5)
        self.send_all()

    def send_all(self) -> None:
        """Send the newest message of every topic of the board."""
        topics = self._board.topics()
        with self._lock:
            self._unsent = dict.fromkeys(topics)

    def republish(self) -> None:
        """Send everything again, including messages that were left out as too large."""
        self._limit.retry()
        self.send_all()

    def end(self, *, maybe_too_large: bool, settled: bool) -> None:
        """Requeue unacknowledged events in their order after the connection has ended.

        `maybe_too_large`: it may have ended because a message was too large. `settled`: it lasted.
        """
        if settled:
            self._limit.retry()
        if maybe_too_large:
            self._limit.connection_lost(flight.message for flight in self._in_flight.values())
        self._in_flight.clear()
        self._refused.clear()
        self._is_authorized_now = False
        self._retry_at, self._retry_seconds = math.inf, 0.0
        self._outbox.requeue_unacknowledged()

    def due_seconds(self) -> float:
        """Return the seconds until `send` has something to do; may be infinite.

        New messages are not considered: they wake the link's thread.
        """
        pause_seconds = self._outbox.pause_seconds or math.inf
        due_at = min(self._retry_at, self._unanswered_at)
        return max(0.0, min(pause_seconds, due_at - time.monotonic()))

    @property
    def is_unanswered(self) -> bool:
        """True if the broker has acknowledged nothing for a minute, or skipped a message."""
        return time.monotonic() >= self._unanswered_at

    @property
    def _unanswered_at(self) -> float:
        if not self._in_flight:
            return math.inf
        sent_at = next(iter(self._in_flight.values())).sent_at
        # A broker acknowledges in order. A slow one has a minute for each acknowledgement.
        is_skipped = self._newest_answered > sent_at
        since = sent_at if is_skipped else max(sent_at, self._answered_at)
        return since + _ANSWER_SECONDS

    @property
    def is_full(self) -> bool:
        """True if no message with QoS 1 may be sent before the broker acknowledges another."""
        return len(self._in_flight) >= self._window

    def send(self, send: Send) -> None:
        """Send waiting messages within the broker's limits."""
        if time.monotonic() >= self._retry_at:
            self._retry()
        for state in self._take_states():
            mid = send(state)
            if mid is not None and state.qos:
                self._in_flight[mid] = _InFlight(state, None, time.monotonic())
        with self._all_sent:
            self._all_sent.notify_all()
        while not self.is_full and (events := self._outbox.take(1)):
            if not self._send_event(send, events[0]):
                return

    def acknowledged(self, mid: int, code: int) -> None:
        """Handle the PUBACK with packet identifier `mid` and its reason code."""
        flight = self._in_flight.pop(mid, None)
        if flight is None:
            return
        self._answered_at = time.monotonic()
        self._newest_answered = max(self._newest_answered, flight.sent_at)
        if is_refusal(code):
            self._refuse(flight, code)
        elif flight.number is not None:
            self._outbox.acknowledge(flight.number)
            self._refusals.accepted(flight.message.topic)
            if self._refused_events and not self._outbox.waiting:
                self._refused_events = False
                self._refusals.log_accepted("every event again")
        else:
            self._limit.acknowledged(flight.message)
            self._accepted(flight.message.topic)
            if not flight.message.payload:
                self._board.cleared(flight.message)
        self._resend_states()

    def _take_states(self) -> list[Message]:
        """Remove the messages that can be sent now from the unsent ones; return them."""
        room = self._window - len(self._in_flight)
        chosen: list[Message] = []
        with self._lock:
            for topic in list(self._unsent):
                message = self._board.newest(topic)
                if message is None or self._is_too_large(message):
                    del self._unsent[topic]
                elif not message.qos or room > 0:
                    room -= bool(message.qos)
                    chosen.append(message)
                    del self._unsent[topic]
        return chosen

    def _send_event(self, send: Send, taken: OutgoingEvent) -> bool:
        """Send an event, or drop one that can never be sent; False if the connection is lost."""
        try:
            message = as_late(taken.message) if taken.late else taken.message
        except ValueError:
            self._drop(taken, "an event's payload is damaged")
            return True
        if not _is_valid(message.topic):
            self._drop(taken, "an event's topic is damaged")
        elif self._is_too_large(message):
            self._drop(taken, f"{message.topic}: the event is too large")
        elif (mid := send(message)) is None:
            return False
        else:
            self._in_flight[mid] = _InFlight(message, taken.number, time.monotonic())
        return True

    def _drop(self, event: OutgoingEvent, reason: str) -> None:
        self._limited_log.log(logging.ERROR, f"{reason}; it is dropped")
        self._outbox.discard(event.number)

    def _refuse(self, flight: _InFlight, code: int) -> None:
        topic, number, final = flight.message.topic, flight.number, is_final(code)
        if number is None:
            consequence = "it is not sent" if final else "it is sent again later"
        elif final:
            consequence = "the event is dropped"
            self._outbox.discard(number)
        else:
            consequence = "events are kept and sent again"
            self._refused_events = True
            self._outbox.refuse(number)
        self._refusals.message_refused(flight.message, code, consequence)
        if number is None and not final:
            self._refused[topic] = code
            self._set_retry()

    def _set_retry(self) -> None:
        if math.isinf(self._retry_at):
            longer = max(_FIRST_RETRY_SECONDS, 2 * self._retry_seconds)
            self._retry_seconds = min(longer, _LONGEST_RETRY_SECONDS)
            self._retry_at = time.monotonic() + self._retry_seconds

    def _retry(self) -> None:
        """Send the newest messages of the refused topics."""
        self._retry_at = math.inf
        with self._lock:
            self._unsent = dict.fromkeys(self._refused) | self._unsent

    def _accepted(self, topic: str) -> None:
        if self._refusals.accepted(topic):
            self._refusals.log_accepted(topic)
        code = self._refused.pop(topic, None)
        if code is None:
            return
        if not self._refused:
            self._retry_at, self._retry_seconds = math.inf, 0.0
        self._is_authorized_now |= code == NOT_AUTHORIZED

    def _resend_states(self) -> None:
        """Send everything again once the broker's access list has been corrected.

        States with QoS 0 were refused without an answer. Waits for all answers to refused topics.
        """
        awaited = {flight.message.topic for flight in self._in_flight.values()}
        if self._is_authorized_now and not awaited & self._refused.keys():
            self._is_authorized_now = False
            self.send_all()

    def _is_too_large(self, message: Message) -> bool:
        excess = self._limit.excess(message)
        if excess is not None:
            remedy = "raise its maximum packet size (mosquitto: max_packet_size)"
            if message.topic.startswith(self._discovery):
                remedy += " or set mqtt.discovery: false"
            self._limited_log.log(
                logging.WARNING,
                f"{message.topic} is not sent because it is too large: {excess}; {remedy}",
            )
        return excess is not None


def _is_valid(topic: str) -> bool:
    """Return whether MQTT allows messages on the topic."""
    return bool(topic) and not any(character in topic for character in "+#\0")
