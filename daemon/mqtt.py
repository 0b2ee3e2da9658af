"""The broker's edge: one thread that connects, publishes and comes back; alone in knowing paho."""

import logging
import math
import random
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from daemon.home_assistant import Message, as_late
from daemon.outbox import Outbox
from daemon.settings import MqttSettings
from daemon.tls import tls_context
from daemon.trouble import Repeats, Trouble, explain

log = logging.getLogger(__name__)

_MOST_IN_FLIGHT = 20
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_SETTLED_SECONDS = 10.0
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 3.0
_GOODBYE_SECONDS = 2.0
_LONGEST_GOODBYE_SECONDS = 3.0
# Every listener of a home hears its hub start at once; they do not all answer at once.
_LONGEST_BIRTH_PAUSE_SECONDS = 3.0
_LARGEST_MESSAGE = 65_536

_V5, _V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_REFUSED_FOR_GOOD = {"Not authorized", "Bad user name or password", "Banned"}


_NO_ANSWER = "there is no answer"
_ENDS = {
    "Unspecified error": "it closed the connection",
    "Keep alive timeout": "it does not answer any more",
    "Session taken over": "another client took the name of ours; see mqtt.client_id",
}


class Commands(NamedTuple):
    """Topics to listen to, and who takes what comes: topic, payload, whether it was retained.

    Called on the link's thread; must not wait.
    """

    topics: Sequence[str]
    take: Callable[[str, bytes, bool], None]


class _InFlight(NamedTuple):
    number: int
    topic: str


class Link:
    """The connection to the broker, as a context manager; publishing never waits for the network.

    Of every retained topic the newest message is sent, again after each reconnect. Events come from
    the outbox, in order, and leave it when the broker has acknowledged them. Leaving says goodbye:
    `farewell` instead of the will. When the hub says on `birth_topic` that it has started,
    everything is said again. Raises InputError for certificate files that cannot be used.
    """

    def __init__(
        self,
        settings: MqttSettings,
        password: str | None,
        outbox: Outbox,
        *,
        client_id: str,
        greeting: Callable[[], Sequence[Message]],
        farewell: Message,
        commands: Commands | None = None,
        birth_topic: str | None = None,
    ) -> None:
        self._settings = settings
        self._password = password
        self._client_id = settings.client_id or client_id
        self._greeting = greeting
        self._farewell = farewell
        self._commands = commands
        self._birth_topic = birth_topic
        self._greet_again_at = math.inf
        self._tls = None if settings.tls is None else tls_context(settings.tls)
        self._lock = threading.Lock()
        self._states: dict[str, Message] = {}
        self._unsent_states: dict[str, Message] = {}
        self._states_sent = threading.Condition(self._lock)
        self._outbox = outbox
        self._in_flight: dict[int, _InFlight] = {}
        self._closing = threading.Event()
        self._connected = threading.Event()
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)  # noqa: FBT003
        self._protocol = _V311 if settings.protocol == "3.1.1" else _V5
        self._protocol_known = False
        self._connected_at = math.inf
        self._end = ""
        self._said = Repeats(log)
        self.trouble: Trouble | None = None
        self.connections = 0
        outbox.when_ready(self._wake)

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

    def publish(self, state: Message) -> None:
        """Hand over a retained message, from any thread; its topic's newest is what is sent."""
        with self._lock:
            self._states[state.topic] = self._unsent_states[state.topic] = state
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
        """Wait until everything is sent, at most so long; count the events not acknowledged."""
        deadline = time.monotonic() + seconds
        with self._states_sent:
            self._states_sent.wait_for(lambda: not self._unsent_states, seconds)
        return self._outbox.wait_empty(max(0.0, deadline - time.monotonic()))

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
        """Connect, serve until the connection ends; whether it was a good one."""
        client, refusals = self._new_client()
        self._connected_at, self._end = math.inf, ""
        self._greet_again_at = math.inf
        try:
            client.connect(
                self._settings.host,
                self._settings.effective_port,
                self._settings.keepalive_seconds,
                properties=_limits() if self._protocol is _V5 else None,
            )
            self._serve(client)
        except Exception as error:  # noqa: BLE001
            # What is no broker may send what breaks paho anywhere; this thread must live on.
            self._report(explain(error, self._settings))
        accepted = self._connected.is_set()
        settled = time.monotonic() - self._connected_at >= _SETTLED_SECONDS
        self._disconnected(client)
        if settled:
            self._said.forget()
        if self._closing.is_set() or self.trouble is not None:
            return settled
        if accepted:
            self._report(Trouble(f"the broker is gone: {self._end}", users=False))
        else:
            self._refused(refusals[0] if refusals else _NO_ANSWER)
        return settled

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

        def on_disconnect(_c: Any, _u: Any, _f: Any, code: Any, _p: Any) -> None:
            # What closes the socket after the broker's own reason tells nothing more.
            self._end = self._end or _ENDS.get(code.getName(), code.getName())

        client.on_connect = on_connect
        client.on_disconnect = on_disconnect
        client.on_publish = on_publish
        client.on_message = lambda _c, _u, message: self._received(message)
        self.trouble = None
        return client, refusals

    def _greet(self, client: paho.Client) -> None:
        version = "5" if self._protocol is _V5 else "3.1.1"
        where = f"{self._settings.host}:{self._settings.effective_port}"
        self._said.say(logging.INFO, f"connected to the broker at {where} with MQTT {version}")
        self._protocol_known = True
        self._connected_at = time.monotonic()
        self.connections += 1
        topics = [] if self._birth_topic is None else [self._birth_topic]
        topics += () if self._commands is None else self._commands.topics
        if topics:
            client.subscribe([(topic, 1) for topic in topics])
        self._say_everything(client)
        self._connected.set()

    def _say_everything(self, client: paho.Client) -> None:
        """Who we are, and then every state as it is."""
        self._greet_again_at = math.inf
        for message in self._greeting():
            client.publish(*message)
        with self._lock:
            self._unsent_states = dict(self._states)

    def _received(self, message: paho.MQTTMessage) -> None:
        if message.topic == self._birth_topic:
            if message.payload == b"online" and not message.retain:
                pause = random.uniform(0.0, _LONGEST_BIRTH_PAUSE_SECONDS)  # noqa: S311
                self._greet_again_at = time.monotonic() + pause
        elif self._commands is not None:
            self._commands.take(message.topic, bytes(message.payload), message.retain)

    def _serve(self, client: paho.Client) -> None:
        """Read, write and keep alive until the connection ends or everything is said."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        goodbye_by: float | None = None
        while client.socket() is not None:
            if self._connected.is_set():
                if time.monotonic() >= self._greet_again_at:
                    self._say_everything(client)
                self._send_waiting(client)
            elif time.monotonic() > deadline:
                return
            if self._closing.is_set():
                goodbye_by = goodbye_by or time.monotonic() + _GOODBYE_SECONDS
                done = not self._outbox.waiting or time.monotonic() > goodbye_by
                if done or not self._connected.is_set():
                    client.publish(*self._farewell)
                    client.disconnect()
                    return
            self._turn(client)

    def _turn(self, client: paho.Client) -> None:
        broker = client.socket()
        if broker is None:
            return
        # A dead link shows within two keepalives and two of these; the pipe tells of new messages.
        soon = self._closing.is_set() or not self._connected.is_set()
        wait_seconds = 0.2 if soon else self._settings.keepalive_seconds / 4
        wait_seconds = max(0.0, min(wait_seconds, self._greet_again_at - time.monotonic()))
        pending = isinstance(broker, ssl.SSLSocket) and broker.pending() > 0
        if pending:
            wait_seconds = 0.0
        wanted = [broker] if client.want_write() else []
        readable, writable, _ = select.select([broker, self._woken], wanted, [], wait_seconds)
        if self._woken in readable:
            self._woken.recv(4096)
        if broker in readable or pending:
            client.loop_read()
        if broker in writable:
            client.loop_write()
        client.loop_misc()

    def _send_waiting(self, client: paho.Client) -> None:
        with self._states_sent:
            states = list(self._unsent_states.values())
            self._unsent_states.clear()
        for state in states:
            client.publish(*state)
        for number, message, late in self._outbox.take(_MOST_IN_FLIGHT - len(self._in_flight)):
            sent = client.publish(*(as_late(message) if late else message))
            self._in_flight[sent.mid] = _InFlight(number, message.topic)
        if states:
            with self._states_sent:
                self._states_sent.notify_all()

    def _acknowledged(self, mid: int, refusal: str | None) -> None:
        event = self._in_flight.pop(mid, None)
        if event is None:
            return
        self._outbox.acknowledge(event.number)
        if refusal is not None:
            log.error("the broker refuses %s: %s", event.topic, refusal)

    def _disconnected(self, client: paho.Client) -> None:
        """What the broker has not acknowledged waits again, before what came later."""
        self._connected.clear()
        self._in_flight.clear()
        self._outbox.take_back()
        if client.socket() is not None:
            client.disconnect()

    def _refused(self, answer: str) -> None:
        where = f"{self._settings.host}:{self._settings.effective_port}"
        if answer in _REFUSED_FOR_GOOD:
            remedy = "check mqtt.username and mqtt.password_file"
            self._report(Trouble(f"the broker at {where} answers {answer}; {remedy}", users=True))
            return
        # Older brokers answer MQTT 5 with an error, by hanging up, or with silence; a broker that
        # is silent now and has spoken before is only slow.
        if self._settings.protocol == "auto" and not (
            self._protocol_known and answer == _NO_ANSWER
        ):
            self._protocol = _V311 if self._protocol is _V5 else _V5
            if self._protocol is _V311:
                return
        remedy = "see the broker's log"
        self._report(Trouble(f"the broker at {where} refuses: {answer}; {remedy}", users=False))

    def _report(self, trouble: Trouble) -> None:
        self.trouble = trouble
        self._said.say(logging.ERROR, f"{trouble.reason}; events are kept and will be sent")


def _limits() -> Properties:
    """A broker of MQTT 5 keeps from us what is larger than any command."""
    limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    limits.MaximumPacketSize = _LARGEST_MESSAGE
    return limits
