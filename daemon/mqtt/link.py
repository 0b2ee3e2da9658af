"""The broker's edge: one thread that connects, publishes and reconnects."""

import logging
import math
import random
import select
import shlex
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from daemon.configuration.settings import MqttSettings
from daemon.errors import FailedError
from daemon.hub.messages import Message
from daemon.mqtt.bounded_client import LARGEST_PACKET_BYTES, BoundedClient
from daemon.mqtt.delivery import Delivery
from daemon.mqtt.double import QuickLosses
from daemon.mqtt.outbox.outbox import Outbox
from daemon.mqtt.packets import Oversized
from daemon.mqtt.refused_login import (
    HUNG_UP,
    NO_ANSWER,
    NOT_MQTT,
    WITHOUT_REASON,
    WRONG_LOGIN,
    PortQuestion,
    refused_login,
)
from daemon.mqtt.subscriptions import Subscriptions
from daemon.mqtt.tls import tls_context
from daemon.mqtt.trouble import Trouble, explain
from daemon.system.repeats import Repeats

log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_SETTLED_SECONDS = 10.0
_CONNECT_SECONDS = 10.0
# A busy broker answers late: each attempt that it leaves without an answer waits twice as long.
_ANSWER_SECONDS = 10.0
_LONGEST_ANSWER_SECONDS = 60.0
_GOODBYE_SECONDS = 2.0
_LONGEST_GOODBYE_SECONDS = 3.0
# Every listener of a home hears its hub start at once; they do not all answer at once.
_LONGEST_BIRTH_PAUSE_SECONDS = 3.0
_NO_RECEIVE_MAXIMUM = 65_535

_V5, _V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_CLOSED = "Unspecified error"
_TIMEOUT = "Keep alive timeout"
_TOO_LARGE = "Packet too large"
_UNANSWERED = "does not acknowledge messages; events are kept and sent again; see its log"
_TAKEN_OVER = "Session taken over"
_ENDS = {
    _CLOSED: "it closed the connection",
    _TIMEOUT: "it does not answer any more",
    _TAKEN_OVER: "another client has connected under our client id",
}


class Commands(NamedTuple):
    """Topics to listen to, and who takes what comes: topic, payload, whether it was retained.

    Called on the link's thread; must not wait.
    """

    topics: Sequence[str]
    take: Callable[[str, bytes, bool], None]


class _NotMqttError(Exception):
    """What answers the login is not MQTT."""


class Link:
    """The connection to the broker, as a context manager; publishing never waits for the network.

    Of every retained topic the newest message is sent, again after each reconnect. Events come from
    the outbox, in order, and leave it when the broker has accepted them. Leaving says goodbye:
    `farewell` instead of the will. When the hub says on `birth_topic` that it has started,
    everything is said again. `notices` are optional subscriptions (availability and discovery of
    this box); a refusal is logged at INFO only. `leaves_nothing`: the goodbye also clears every
    retained topic. Raises InputError for certificate files that cannot be used.
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
        leaves_nothing: bool = False,
        notices: Commands | None = None,
    ) -> None:
        self._settings = settings
        self._password = password
        self._client_id = settings.client_id or client_id
        self._farewell = farewell
        self._commands = commands
        self._birth_topic = birth_topic
        self._leaves_nothing = leaves_nothing
        self._notices = notices
        self._greet_again_at = math.inf
        self._tls = None if settings.tls is None else tls_context(settings.tls)
        self._outbox = outbox
        self._delivery = Delivery(outbox, greeting, settings)
        topics = [] if birth_topic is None else [birth_topic]
        topics += [] if commands is None else commands.topics
        self._subscriptions = Subscriptions(
            topics, [] if notices is None else notices.topics, self._delivery.refusals
        )
        self._closing = threading.Event()
        self._retry = threading.Event()
        self._connected = threading.Event()
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)  # noqa: FBT003
        self._protocol = _V311 if settings.protocol == "3.1.1" else _V5
        self._protocol_known = False
        self._silences = dict.fromkeys((_V5, _V311), 0)
        self._losses = QuickLosses(farewell.topic.split("/")[-2])
        self._connected_at = math.inf
        self._end = ""
        self._is_answered = False
        self._answers: dict[str, str] = {}
        self._port_question = PortQuestion()
        self._said = Repeats(log)
        self.trouble: Trouble | None = None
        self._last_trouble: Trouble | None = None
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
        self._retry.set()
        self._wake()
        self._thread.join(_LONGEST_GOODBYE_SECONDS)

    def publish(self, state: Message) -> None:
        """Hand over a retained message, from any thread; its topic's newest is what is sent."""
        self._delivery.publish(state)
        self._wake()

    def withdraw(self, topics: Iterable[str]) -> None:
        """Send nothing more of what was handed over for the topics, from any thread."""
        self._delivery.withdraw(topics)

    def use_password(self, password: str | None) -> None:
        """Log in with this password from the next connection on; without one, connect now."""
        self._password = password
        self._retry.set()

    def is_clearing(self, topics: Iterable[str]) -> bool:
        """Whether the broker has not yet accepted an empty message on one of the topics."""
        return self._delivery.is_clearing(topics)

    @property
    def refused(self) -> int:
        """How many messages the broker has refused so far."""
        return self._delivery.refusals.count

    @property
    def state(self) -> str:
        """The state of the connection in words; from any thread."""
        if self._connected.is_set():
            refusing = self.refusing
            return "connected" + (f" but refuses {', '.join(refusing)}" if refusing else "")
        trouble = self._last_trouble
        return "not connected yet" if trouble is None else f"not connected: {trouble.reason}"

    @property
    def refusing(self) -> tuple[str, ...]:
        """The kinds of messages and subscriptions that the broker refuses now."""
        return self._delivery.refusals.kinds

    @property
    def connected_seconds(self) -> float:
        """How long the connection has lasted; 0 where there is none."""
        return time.monotonic() - self._connected_at if self._connected.is_set() else 0.0

    def say_again(self, seconds: float) -> None:
        """Say everything again after so many seconds; call it where messages are taken."""
        self._greet_again_at = min(self._greet_again_at, time.monotonic() + seconds)

    def take_birth(self, payload: bytes, *, retained: bool) -> None:
        """What the hub said on a birth topic; call it where messages are taken."""
        if payload == b"online" and not retained:
            self.say_again(random.uniform(0.0, _LONGEST_BIRTH_PAUSE_SECONDS))  # noqa: S311

    def wait_connected(self, seconds: float) -> bool:
        """Return whether the broker accepts us within that time; sooner where it refuses us."""
        deadline = time.monotonic() + seconds
        while not self._connected.wait(0.05):
            trouble = self.trouble
            if time.monotonic() > deadline or (trouble is not None and trouble.users):
                return False
        return True

    def flush(self, seconds: float) -> int:
        """Wait until everything is sent, at most so long; count the events not acknowledged."""
        deadline = time.monotonic() + seconds
        self._delivery.wait_sent(seconds)
        return self._outbox.wait_empty(max(0.0, deadline - time.monotonic()))

    def _wake(self) -> None:
        try:
            self._waker.send(b"\0")
        except OSError:
            return  # The pipe is full: the thread is about to look anyway.

    def check_thread(self) -> None:
        """Raise FailedError where the thread has ended: only a new process can connect again."""
        if not self._thread.is_alive() and not self._closing.is_set():
            raise FailedError(
                "the thread that connects to the broker has ended; exiting; restart Timbrel "
                "(the service manager does so by itself)"
            )

    def _run(self) -> None:
        # The thread may outlive its goodbye, in a connection that hangs.
        with self._waker, self._woken:
            self._keep_connected()

    def _keep_connected(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not self._closing.is_set():
            spoke_v5 = self._protocol is _V5
            if self._try_connection():
                pause = _FIRST_PAUSE_SECONDS
            elif spoke_v5 and self._protocol is _V311:
                continue
            self._retry.wait(pause * random.uniform(0.7, 1.3))  # noqa: S311
            self._retry.clear()
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _try_connection(self) -> bool:
        """Connect and serve until the connection ends or fails; whether it was a good one."""
        try:
            return self._one_connection()
        except Exception as error:  # noqa: BLE001
            # Without this thread, nothing would ever be published again.
            self._report(explain(error, self._settings))
            return False

    def _one_connection(self) -> bool:
        client, refusals = self._new_client()
        self._connected_at, self._end = math.inf, ""
        self._is_answered = False
        self._greet_again_at = math.inf
        try:
            client.connect(
                self._settings.host,
                self._settings.effective_port,
                self._settings.keepalive_seconds,
                properties=_limits() if self._protocol is _V5 else None,
            )
            self._serve(client)
        except (OSError, UnicodeError) as error:
            self._port_question.forget()
            self._report(explain(error, self._settings))
        except _NotMqttError:
            refusals.append(NOT_MQTT)
        except Exception as error:
            log.debug("an error inside", exc_info=True)
            self._report(explain(error, self._settings))
        accepted = self._connected.is_set()
        settled = time.monotonic() - self._connected_at >= _SETTLED_SECONDS
        # MQTT 5 states the limit, or gives this reason; with 3.1.1 a broker can only hang up.
        limited = self._end == (_TOO_LARGE if self._protocol is _V5 else _ENDS[_CLOSED])
        self._connected.clear()
        limited = limited and accepted and not self._closing.is_set()
        self._delivery.end(limited=limited, settled=settled)
        silent = NO_ANSWER if client.socket() is not None else HUNG_UP
        if client.socket() is not None:
            client.disconnect()
        if settled and self._end != _UNANSWERED:
            self._said.forget()
        if self._closing.is_set() or self.trouble is not None:
            return settled
        if self._end == _UNANSWERED:
            where = f"{self._settings.host}:{self._settings.effective_port}"
            self._report(Trouble(f"the broker at {where} {_UNANSWERED}", users=False))
        elif accepted:
            taken_over = self._end == _ENDS[_TAKEN_OVER]
            quick = not settled and (taken_over or self._end == _ENDS[_CLOSED])
            hung_up = not settled and not taken_over and self._end != _ENDS[_TIMEOUT]
            self._subscriptions.ended(by_broker=hung_up)
            more = self._losses.lost(quick=quick, taken_over=taken_over)
            self._report(Trouble(f"the broker is gone: {self._end}{more}", users=False))
        else:
            self._refused(refusals[0] if refusals else silent)
        return settled

    def _new_client(self) -> tuple[BoundedClient, list[str]]:
        client = BoundedClient(
            CallbackAPIVersion.VERSION2,
            self._client_id,
            protocol=self._protocol,
            tell=self._ignored,
        )
        client.connect_timeout = _CONNECT_SECONDS
        will = self._farewell
        client.will_set(*will)
        if self._settings.username is not None:
            client.username_pw_set(self._settings.username, self._password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        refusals: list[str] = []

        def on_connect(_c: Any, _u: Any, _f: Any, code: Any, limits: Any) -> None:
            self._is_answered = True
            self._silences = dict.fromkeys(self._silences, 0)
            if code.is_failure:
                refusals.append(code.getName())
            else:
                self._greet(client, limits)

        def on_publish(_c: Any, _u: Any, mid: int, _r: Any, _p: Any) -> None:
            # Without a PUBACK it was a message with QoS 0.
            if (code := client.packets.reasons.pop(mid, None)) is not None:
                self._delivery.acknowledged(mid, code)

        def on_disconnect(_c: Any, _u: Any, _f: Any, code: Any, _p: Any) -> None:
            # What closes the socket after the broker's own reason tells nothing more.
            self._end = self._end or _ENDS.get(code.getName(), code.getName())

        client.on_connect = on_connect
        client.on_disconnect = on_disconnect
        client.on_publish = on_publish
        client.on_subscribe = lambda _c, _u, mid, codes, _p: self._subscriptions.answered(
            mid, codes
        )
        client.on_message = lambda _c, _u, message: self._received(message)
        self.trouble = None
        return client, refusals

    def _greet(self, client: BoundedClient, limits: Any) -> None:
        version = "5" if self._protocol is _V5 else "3.1.1"
        where = f"{self._settings.host}:{self._settings.effective_port}"
        self._said.say(logging.INFO, f"connected to the broker at {where} with MQTT {version}")
        self._protocol_known = True
        self._answers.clear()
        self._connected_at = time.monotonic()
        self.connections += 1
        self._last_trouble = None
        self._delivery.begin(
            getattr(limits, "ReceiveMaximum", _NO_RECEIVE_MAXIMUM),
            getattr(limits, "MaximumPacketSize", None),
            v5=self._protocol is _V5,
        )
        self._subscriptions.begin(client.subscribe)
        self._connected.set()

    def _is_notice(self, topic: str) -> bool:
        return self._notices is not None and topic in self._notices.topics

    def _ignored(self, message: Oversized) -> None:
        topic, retained = message
        is_ours = topic in self._subscriptions.topics
        name = topic if is_ours else "another topic"
        text = f"{name}: ignoring a message of more than {LARGEST_PACKET_BYTES} bytes"
        if retained and is_ours:
            where = ["-h", self._settings.host, "-p", str(self._settings.effective_port)]
            text += f"; remove it: {shlex.join(['mosquitto_pub', *where, '-r', '-n', '-t', topic])}"
        self._said.say(logging.WARNING, text)

    def _received(self, message: paho.MQTTMessage) -> None:
        if message.topic == self._birth_topic:
            self.take_birth(bytes(message.payload), retained=message.retain)
        elif self._is_notice(message.topic) and self._notices is not None:
            self._notices.take(message.topic, bytes(message.payload), message.retain)
        elif self._commands is not None:
            self._commands.take(message.topic, bytes(message.payload), message.retain)

    def _serve(self, client: BoundedClient) -> None:
        """Read, write and keep alive until the connection ends or everything is said."""
        began = time.monotonic()
        goodbye_by: float | None = None
        while client.socket() is not None:
            if self._connected.is_set():
                if time.monotonic() >= self._greet_again_at:
                    self._greet_again_at = math.inf
                    self._delivery.greet_again()
                if self._delivery.is_unanswered:
                    self._end = _UNANSWERED
                    return
                self._subscriptions.try_again(client.subscribe)
                self._delivery.send(lambda message: _send(client, message))
            elif time.monotonic() - began > self._patience_seconds:
                self._silences[self._protocol] = min(self._silences[self._protocol] + 1, 10)
                return
            if self._closing.is_set():
                goodbye_by = goodbye_by or time.monotonic() + _GOODBYE_SECONDS
                done = not self._outbox.waiting or time.monotonic() > goodbye_by
                if done or not self._connected.is_set():
                    self._say_goodbye(client)
                    return
            self._turn(client)

    @property
    def _patience_seconds(self) -> float:
        doubled = _ANSWER_SECONDS * 2.0 ** self._silences[self._protocol]
        return min(doubled, _LONGEST_ANSWER_SECONDS)

    def _say_goodbye(self, client: BoundedClient) -> None:
        # With QoS 1 the library would keep it while the broker still owes acknowledgements.
        client.publish(*self._farewell._replace(qos=0 if self._delivery.is_full else 1))
        if self._leaves_nothing:
            self._clear(client)
        client.disconnect()

    def _clear(self, client: BoundedClient) -> None:
        """Clear every retained topic and wait for the answer: closing earlier may lose them."""
        # The device, which comes first, is gone from the hub before its states are.
        for topic in self._delivery.retained_topics():
            if topic != self._farewell.topic:
                client.publish(topic, b"", retain=True)
        last = client.publish(self._farewell.topic, b"", 1, retain=True)
        deadline = time.monotonic() + _GOODBYE_SECONDS
        while (
            client.socket() is not None
            and last.rc == MQTTErrorCode.MQTT_ERR_SUCCESS
            and not last.is_published()
            and time.monotonic() < deadline
        ):
            self._turn(client)

    def _turn(self, client: BoundedClient) -> None:
        broker = client.socket()
        if broker is None:
            return
        # A dead link shows within two keepalives and two of these; the pipe tells of new messages.
        soon = self._closing.is_set() or not self._connected.is_set()
        wait_seconds = 0.2 if soon else self._settings.keepalive_seconds / 4
        birth_seconds = max(0.0, self._greet_again_at - time.monotonic())
        due_seconds = min(self._delivery.due_seconds(), self._subscriptions.due_seconds())
        wait_seconds = min(wait_seconds, birth_seconds, due_seconds)
        pending = client.packets.pending() > 0
        if pending:
            wait_seconds = 0.0
        wanted = [broker] if client.want_write() else []
        readable, writable, _ = select.select([broker, self._woken], wanted, [], wait_seconds)
        if self._woken in readable:
            self._woken.recv(4096)
        if broker in readable or pending:
            self._read(client)
        if broker in writable:
            client.loop_write()
        # Before it is accepted the library would give up after one keepalive.
        if self._connected.is_set():
            client.loop_misc()

    def _read(self, client: BoundedClient) -> None:
        try:
            client.loop_read()
        except (OSError, MemoryError):
            raise
        except Exception as error:
            # A server that is no broker may send what breaks paho anywhere.
            if self._is_answered:
                raise
            raise _NotMqttError from error

    def _refused(self, answer: str) -> None:
        version = "5" if self._protocol is _V5 else "3.1.1"
        self._answers[version] = answer
        # Older brokers answer MQTT 5 with an error, by hanging up, or with silence; a broker that
        # is silent now and has spoken before is only slow.
        is_only_slow = self._protocol_known and answer in WITHOUT_REASON
        if self._settings.protocol == "auto" and not (is_only_slow or answer in WRONG_LOGIN):
            self._protocol = _V311 if self._protocol is _V5 else _V5
            if self._protocol is _V311:
                return
        answers, self._answers = self._answers, {}
        if not self._closing.is_set():
            known, ask = self._protocol_known, self._port_question.of
            self._report(refused_login(self._settings, answers, has_worked=known, ask=ask))

    def _report(self, trouble: Trouble) -> None:
        self.trouble = self._last_trouble = trouble
        self._said.say(logging.ERROR, f"{trouble.reason}; retrying")


def _send(client: BoundedClient, message: Message) -> int | None:
    sent = client.publish(*message)
    return sent.mid if sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None


def _limits() -> Properties:
    """A broker of MQTT 5 keeps from us what is larger than any command."""
    limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    limits.MaximumPacketSize = LARGEST_PACKET_BYTES
    return limits
