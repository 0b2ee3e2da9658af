"""The broker's edge: one thread that connects, publishes and comes back; alone in knowing paho."""

import logging
import random
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from daemon.home_assistant import Message, as_late
from daemon.settings import MqttSettings
from daemon.tls import tls_context
from daemon.trouble import Trouble, explain

log = logging.getLogger(__name__)

_LATE_SECONDS = 60.0
_MOST_EVENTS = 10_000
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_SAME_TROUBLE_SECONDS = 300.0
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 3.0
_GOODBYE_SECONDS = 2.0
_LONGEST_GOODBYE_SECONDS = 3.0

_V5, _V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_REFUSED_FOR_GOOD = {"Not authorized", "Bad user name or password", "Banned"}


class _Waiting(NamedTuple):
    message: Message
    since: float


class Link:
    """The connection to the broker, as a context manager; publishing never waits for the network.

    Of every retained topic the newest message is sent, again after each reconnect. Events wait in
    order until the broker has acknowledged them. Leaving says goodbye: `farewell` instead of the
    will. Raises InputError on entry for certificate files that cannot be used.
    """

    def __init__(
        self,
        settings: MqttSettings,
        password: str | None,
        *,
        client_id: str,
        greeting: Callable[[], Sequence[Message]],
        farewell: Message,
    ) -> None:
        self._settings = settings
        self._password = password
        self._client_id = settings.client_id or client_id
        self._greeting = greeting
        self._farewell = farewell
        self._tls = None if settings.tls is None else tls_context(settings.tls)
        self._lock = threading.Lock()
        self._states: dict[str, Message] = {}
        self._unsent_states: dict[str, Message] = {}
        self._events: deque[_Waiting] = deque()
        self._in_flight: dict[int, _Waiting] = {}
        self._idle = threading.Condition(self._lock)
        self._closing = threading.Event()
        self._connected = threading.Event()
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)  # noqa: FBT003
        self._protocol = _V311 if settings.protocol == "3.1.1" else _V5
        self._trouble_told: tuple[str, float] = ("", 0.0)
        self.trouble: Trouble | None = None
        self.dropped_events = 0

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._wake()
        self._thread.join(_LONGEST_GOODBYE_SECONDS)
        if not self._thread.is_alive():
            self._waker.close()
            self._woken.close()

    def publish(self, message: Message) -> None:
        """Hand over a message, from any thread; it is sent when there is a connection."""
        with self._lock:
            if message.retain:
                self._states[message.topic] = self._unsent_states[message.topic] = message
            else:
                if len(self._events) >= _MOST_EVENTS:
                    self._events.popleft()
                    self.dropped_events += 1
                self._events.append(_Waiting(message, time.monotonic()))
        self._wake()

    def wait_connected(self, seconds: float) -> bool:
        """Whether the broker accepted us within that time."""
        deadline = time.monotonic() + seconds
        while not self._connected.wait(0.05):
            refused = self.trouble is not None and self.trouble.users
            if refused or time.monotonic() > deadline:
                return False
        return True

    def flush(self, seconds: float) -> int:
        """Wait until everything is acknowledged, at most so long; count the events that are not."""
        with self._idle:
            self._idle.wait_for(lambda: not (self._waiting() or self._unsent_states), seconds)
            return self._waiting()

    def _waiting(self) -> int:
        return len(self._events) + len(self._in_flight)

    def _wake(self) -> None:
        try:
            self._waker.send(b"\0")
        except OSError:
            return  # The pipe is full: the thread is about to look anyway.

    def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not self._closing.is_set():
            spoke_v5 = self._protocol is _V5
            if self._one_connection():
                pause = _FIRST_PAUSE_SECONDS
            elif spoke_v5 and self._protocol is _V311:
                continue
            self._closing.wait(pause * random.uniform(0.7, 1.3))  # noqa: S311
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _one_connection(self) -> bool:
        """Connect, serve until the connection ends; whether the broker had accepted it."""
        client, refusals = self._new_client()
        try:
            client.connect(
                self._settings.host, self._settings.effective_port, self._settings.keepalive_seconds
            )
            self._serve(client)
        except (OSError, ValueError) as error:
            self._report(explain(error, self._settings))
        finally:
            accepted = self._connected.is_set()
            self._disconnected(client)
        if refusals:
            self._refused(refusals[0])
        elif not accepted and self.trouble is None and not self._closing.is_set():
            self._refused("there is no answer")
        elif accepted and not self._closing.is_set():
            self._report(Trouble("the broker closed the connection", users=False))
        return accepted

    def _new_client(self) -> tuple[paho.Client, list[str]]:
        client = paho.Client(CallbackAPIVersion.VERSION2, self._client_id, protocol=self._protocol)
        client.connect_timeout = _CONNECT_SECONDS
        will = self._farewell
        client.will_set(*will)
        if self._settings.username is not None:
            client.username_pw_set(self._settings.username, self._password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        refusals: list[str] = []

        def on_connect(_c: Any, _u: Any, _f: Any, code: Any, _p: Any) -> None:
            if code.is_failure:
                refusals.append(code.getName())
            else:
                self._greet(client)

        def on_publish(_c: Any, _u: Any, mid: int, code: Any, _p: Any) -> None:
            self._acknowledged(mid, code.getName() if code.is_failure else None)

        client.on_connect = on_connect
        client.on_publish = on_publish
        self.trouble = None
        return client, refusals

    def _greet(self, client: paho.Client) -> None:
        version = "5" if self._protocol is _V5 else "3.1.1"
        where = f"{self._settings.host}:{self._settings.effective_port}"
        log.info("connected to the broker at %s with MQTT %s", where, version)
        self._trouble_told = ("", 0.0)
        for message in self._greeting():
            client.publish(*message)
        with self._lock:
            self._unsent_states = dict(self._states)
        self._connected.set()

    def _serve(self, client: paho.Client) -> None:
        """Read, write and keep alive until the connection ends or everything is said."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        goodbye_by: float | None = None
        while client.socket() is not None:
            if self._connected.is_set():
                self._send_waiting(client)
            elif time.monotonic() > deadline:
                return
            if self._closing.is_set():
                goodbye_by = goodbye_by or time.monotonic() + _GOODBYE_SECONDS
                with self._lock:
                    done = not self._waiting() or time.monotonic() > goodbye_by
                if done or not self._connected.is_set():
                    client.publish(*self._farewell)
                    client.disconnect()
                    return
            self._turn(client)

    def _turn(self, client: paho.Client) -> None:
        broker = client.socket()
        if broker is None:
            return
        # Nothing is due before half a keepalive has passed; the pipe tells of new messages.
        soon = self._closing.is_set() or not self._connected.is_set()
        wait_seconds = 0.2 if soon else self._settings.keepalive_seconds / 4
        if isinstance(broker, ssl.SSLSocket) and broker.pending():
            wait_seconds = 0.0
        wanted = [broker] if client.want_write() else []
        readable, writable, _ = select.select([broker, self._woken], wanted, [], wait_seconds)
        if self._woken in readable:
            self._woken.recv(4096)
        if broker in readable or wait_seconds == 0.0:
            client.loop_read()
        if broker in writable:
            client.loop_write()
        client.loop_misc()

    def _send_waiting(self, client: paho.Client) -> None:
        with self._lock:
            states = list(self._unsent_states.values())
            self._unsent_states.clear()
            events, self._events = self._events, deque()
        for message in states:
            client.publish(*message)
        for waiting in events:
            late = time.monotonic() - waiting.since > _LATE_SECONDS
            message = as_late(waiting.message) if late else waiting.message
            with self._lock:
                self._in_flight[client.publish(*message).mid] = waiting
        with self._idle:
            self._idle.notify_all()

    def _acknowledged(self, mid: int, refusal: str | None) -> None:
        with self._idle:
            waiting = self._in_flight.pop(mid, None)
            self._idle.notify_all()
        if waiting is not None and refusal is not None:
            log.error("the broker refuses %s: %s", waiting.message.topic, refusal)

    def _disconnected(self, client: paho.Client) -> None:
        """What the broker has not acknowledged waits again, before what came later."""
        self._connected.clear()
        with self._lock:
            self._events.extendleft(reversed(self._in_flight.values()))
            self._in_flight.clear()
        if client.socket() is not None:
            client.disconnect()

    def _refused(self, answer: str) -> None:
        where = f"{self._settings.host}:{self._settings.effective_port}"
        if answer in _REFUSED_FOR_GOOD:
            remedy = "check mqtt.username and mqtt.password_file"
            self._report(Trouble(f"the broker at {where} answers {answer}; {remedy}", users=True))
            return
        if self._settings.protocol == "auto":
            # Older brokers answer MQTT 5 with an error, by hanging up, or with silence.
            self._protocol = _V311 if self._protocol is _V5 else _V5
        if self._protocol is _V5 or self._settings.protocol != "auto":
            remedy = "see the broker's log"
            self._report(Trouble(f"the broker at {where} refuses: {answer}; {remedy}", users=False))

    def _report(self, trouble: Trouble) -> None:
        """Log a trouble at once when it is new, else every five minutes."""
        self.trouble = trouble
        told, told_at = self._trouble_told
        now = time.monotonic()
        if trouble.reason != told or now - told_at >= _SAME_TROUBLE_SECONDS:
            self._trouble_told = (trouble.reason, now)
            log.error("%s; events are kept and will be sent", trouble.reason)
