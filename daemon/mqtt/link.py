"""The link to the broker: one thread that connects, publishes and reconnects."""

import logging
import random
import threading
import time
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self

from daemon.configuration.settings import MqttSettings
from daemon.errors import FailedError
from daemon.hub.board import Board
from daemon.hub.messages import Message
from daemon.mqtt.connection import Connection
from daemon.mqtt.delivery import Delivery
from daemon.mqtt.disconnect_reason import DisconnectReason
from daemon.mqtt.duplicate_name import ShortConnections
from daemon.mqtt.graceful_disconnect import GracefulDisconnect
from daemon.mqtt.incoming import IncomingMessages, Subscriber
from daemon.mqtt.outbox.outbox import Outbox
from daemon.mqtt.protocol_choice import V5, ProtocolChoice
from daemon.mqtt.refused_login import CLOSED, NO_ANSWER, NOT_MQTT, PortProbe, explain_refused_login
from daemon.mqtt.subscriptions import Subscriptions
from daemon.mqtt.trouble import Trouble, explain
from daemon.mqtt.wire.bounded_client import BoundedClient
from daemon.mqtt.wire.login import Login
from daemon.mqtt.wire.pump import NotMqttError, Pump
from daemon.mqtt.wire.tls import tls_context
from daemon.system.limited_log import LimitedLog

log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_SETTLED_SECONDS = 10.0
_DRAIN_SECONDS = 2.0
_LONGEST_EXIT_SECONDS = 3.0
_NO_RECEIVE_MAXIMUM = 65_535
_UNANSWERED = "does not acknowledge messages; events are kept and sent again; see its log"


class Link:
    """The connection to the broker, as a context manager.

    It sends the newest message of each topic on the board, and all of them again after each
    reconnect. Events come from the outbox, in order, and leave it once the broker has accepted
    them. On exit it publishes the `will` message itself; with `clears_topics` it also clears every
    retained topic. After a birth message of the hub everything is sent again. Subscriptions to
    `own_topics` and to all birth topics but the first are optional: a refusal is logged at INFO
    only. Raises InputError for certificate files that cannot be used.
    """

    def __init__(
        self,
        settings: MqttSettings,
        password: str | None,
        board: Board,
        outbox: Outbox,
        connection: Connection,
        *,
        client_id: str,
        will: Message,
        commands: Subscriber | None = None,
        own_topics: Subscriber | None = None,
        birth_topics: Sequence[str] = (),
        clears_topics: bool = False,
    ) -> None:
        self.board = board
        """The retained messages to publish; usable from any thread."""
        self.connection = connection
        """The state of the connection; readable from any thread."""
        self._settings = settings
        tls = None if settings.tls is None else tls_context(settings.tls)
        self._login = Login(settings, password, tls, client_id, will)
        self._disconnect = GracefulDisconnect(will, board, clears_topics=clears_topics)
        self._incoming = IncomingMessages(settings, connection, commands, own_topics, birth_topics)
        self._outbox = outbox
        self._delivery = Delivery(board, outbox, settings, connection.refusals)
        self._subscriptions = Subscriptions(
            self._incoming.needed, self._incoming.optional, connection.refusals
        )
        self._closing = threading.Event()
        self._retry = threading.Event()
        self._pump = Pump()
        self._protocol = ProtocolChoice(settings.protocol)
        self._short_connections = ShortConnections(will.topic.split("/")[-2])
        self._disconnect_reason = DisconnectReason()
        self._is_answered = False
        self._port_probe = PortProbe()
        self._limited_log = LimitedLog(log)
        outbox.on_ready(self._pump.wake)
        board.follow(lambda _: self._pump.wake())

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
        self._pump.wake()
        self._thread.join(_LONGEST_EXIT_SECONDS)

    def use_password(self, password: str | None) -> None:
        """Use this password for every later CONNECT; while disconnected, connect now."""
        self._login.password = password
        self._retry.set()

    def flush(self, seconds: float) -> int:
        """Wait until all is sent, up to `seconds`; return the number of unacknowledged events."""
        deadline = time.monotonic() + seconds
        self._delivery.wait_sent(seconds)
        return self._outbox.wait_empty(max(0.0, deadline - time.monotonic()))

    def check_thread(self) -> None:
        """Raise FailedError if the thread has ended: only a new process can connect again."""
        if not self._thread.is_alive() and not self._closing.is_set():
            raise FailedError(
                "the thread that connects to the broker has ended; exiting; restart Timbrel "
                "(the service manager does so by itself)"
            )

    def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        # The thread may outlive `__exit__` if its connection hangs.
        with self._pump:
            while not self._closing.is_set():
                tried_v5 = self._protocol.version is V5
                if self._try_connection():
                    pause = _FIRST_PAUSE_SECONDS
                elif tried_v5 and self._protocol.version is not V5:
                    continue
                self._retry.wait(pause * random.uniform(0.7, 1.3))  # noqa: S311
                self._retry.clear()
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _try_connection(self) -> bool:
        """Connect and serve until the connection ends or fails; return whether it lasted."""
        try:
            return self._one_connection()
        except Exception as error:  # noqa: BLE001
            # Without this thread, nothing would ever be published again.
            self._report(explain(error, self._settings))
            return False

    def _one_connection(self) -> bool:
        self.connection.begin()
        self._disconnect_reason, self._is_answered = DisconnectReason(), False
        refusals: list[str] = []
        client = self._new_client(refusals)
        try:
            self._login.connect(client, self._protocol.version)
            self._serve(client)
        except (OSError, UnicodeError) as error:
            self._port_probe.reset()
            self._report(explain(error, self._settings))
        except NotMqttError:
            refusals.append(NOT_MQTT)
        except Exception as error:
            log.debug("internal error", exc_info=True)
            self._report(explain(error, self._settings))
        settled = self.connection.seconds >= _SETTLED_SECONDS
        self._conclude(client, refusals, settled=settled)
        return settled

    def _conclude(self, client: BoundedClient, refusals: Sequence[str], *, settled: bool) -> None:
        """Clean up after a connection, and log why it ended."""
        accepted, reason = self.connection.is_accepted, self._disconnect_reason
        self.connection.end()
        maybe = accepted and reason.may_be_too_large(v5=self._protocol.version is V5)
        self._delivery.end(maybe_too_large=maybe and not self._closing.is_set(), settled=settled)
        without_reason = NO_ANSWER if client.socket() is not None else CLOSED
        if client.socket() is not None:
            client.disconnect()
        if settled and not reason.is_unanswered:
            self._limited_log.reset()
        if self._closing.is_set() or self.connection.trouble is not None:
            return
        if reason.is_unanswered:
            self._report(Trouble(f"the broker at {self._where} {_UNANSWERED}", needs_user=False))
        elif accepted:
            self._lost(settled=settled)
        else:
            self._refused(refusals[0] if refusals else without_reason)

    def _lost(self, *, settled: bool) -> None:
        """Report the loss of a connection that the broker had accepted."""
        reason = self._disconnect_reason
        quick = not settled and (reason.is_taken_over or reason.is_closed)
        self._subscriptions.ended(by_broker=not settled and reason.is_by_broker)
        advice = self._short_connections.ended(quick=quick, taken_over=reason.is_taken_over)
        text = f"lost the connection to the broker: {reason.description}{advice}"
        self._report(Trouble(text, needs_user=False))

    def _refused(self, answer: str) -> None:
        """Report that the broker refuses the connection, once no version is left to try."""
        answers = self._protocol.refused(answer)
        if answers is not None and not self._closing.is_set():
            known, probe = self._protocol.has_worked, self._port_probe.probe
            its = self._settings
            self._report(explain_refused_login(its, answers, has_worked=known, probe=probe))

    def _report(self, trouble: Trouble) -> None:
        self.connection.fail(trouble)
        self._limited_log.log(logging.ERROR, f"{trouble.reason}; retrying")

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.effective_port}"

    def _new_client(self, refusals: list[str]) -> BoundedClient:
        """Return a client for one connection; it adds the reason of a refusal to `refusals`."""
        describe = self._incoming.describe_oversized
        client = self._login.new_client(
            self._protocol.version,
            lambda message: self._limited_log.log(logging.WARNING, describe(message)),
        )

        def on_connect(_c: Any, _u: Any, _f: Any, code: Any, limits: Any) -> None:
            self._is_answered = True
            self._protocol.answered()
            if code.is_failure:
                refusals.append(code.getName())
            else:
                self._begin(client, limits)

        def on_publish(_c: Any, _u: Any, mid: int, _r: Any, _p: Any) -> None:
            # There is no PUBACK for a message with QoS 0.
            if (code := client.packets.reason_codes.pop(mid, None)) is not None:
                self._delivery.acknowledged(mid, code)

        def on_disconnect(_c: Any, _u: Any, _f: Any, code: Any, _p: Any) -> None:
            self._disconnect_reason.note(code.getName())

        client.on_connect = on_connect
        client.on_disconnect = on_disconnect
        client.on_publish = on_publish
        answered, received = self._subscriptions.answered, self._incoming.received
        client.on_subscribe = lambda _c, _u, mid, codes, _p: answered(mid, codes)
        client.on_message = lambda _c, _u, message: received(message)
        return client

    def _begin(self, client: BoundedClient, limits: Any) -> None:
        """Start delivery and subscriptions after a successful CONNACK."""
        text = f"connected to the broker at {self._where} with MQTT {self._protocol.name}"
        self._limited_log.log(logging.INFO, text)
        self._protocol.accepted()
        receive_maximum = getattr(limits, "ReceiveMaximum", _NO_RECEIVE_MAXIMUM)
        packet_bytes = getattr(limits, "MaximumPacketSize", None)
        self._delivery.begin(receive_maximum, packet_bytes, v5=self._protocol.version is V5)
        self._subscriptions.begin(client.subscribe)
        self.connection.accept()

    def _serve(self, client: BoundedClient) -> None:
        """Read, write and keep alive until the connection ends or we have disconnected."""
        began = time.monotonic()
        drain_until: float | None = None
        while client.socket() is not None:
            if self.connection.is_accepted:
                if time.monotonic() >= self.connection.republish_at:
                    self.connection.republished()
                    self._delivery.republish()
                if self._delivery.is_unanswered:
                    self._disconnect_reason.is_unanswered = True
                    return
                self._subscriptions.retry(client.subscribe)
                self._delivery.send(client.send)
            elif time.monotonic() - began > self._protocol.connack_timeout_seconds:
                self._protocol.timed_out()
                return
            if self._closing.is_set():
                drain_until = drain_until or time.monotonic() + _DRAIN_SECONDS
                done = not self._outbox.waiting or time.monotonic() > drain_until
                if done or not self.connection.is_accepted:
                    turn = partial(self._turn, client)
                    self._disconnect.run(client, turn, is_full=self._delivery.is_full)
                    return
            self._turn(client)

    def _turn(self, client: BoundedClient) -> None:
        # A dead connection is noticed within two keep-alive intervals and two of these waits.
        soon = self._closing.is_set() or not self.connection.is_accepted
        wait_seconds = min(
            0.2 if soon else self._settings.keepalive_seconds / 4,
            max(0.0, self.connection.republish_at - time.monotonic()),
            self._delivery.due_seconds(),
            self._subscriptions.due_seconds(),
        )
        self._pump.turn(client, wait_seconds, lambda: self._is_answered)
        # Before the CONNACK, paho would give up after one keep-alive interval.
        if self.connection.is_accepted:
            client.loop_misc()
