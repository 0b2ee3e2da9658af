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
from daemon.mqtt.double import QuickLosses
from daemon.mqtt.ending import Ending
from daemon.mqtt.goodbye import Goodbye
from daemon.mqtt.outbox.outbox import Outbox
from daemon.mqtt.protocol_choice import V5, ProtocolChoice
from daemon.mqtt.reception import Reader, Reception
from daemon.mqtt.refused_login import HUNG_UP, NO_ANSWER, NOT_MQTT, PortQuestion, refused_login
from daemon.mqtt.subscriptions import Subscriptions
from daemon.mqtt.trouble import Trouble, explain
from daemon.mqtt.wire.bounded_client import BoundedClient
from daemon.mqtt.wire.login import Login
from daemon.mqtt.wire.pump import NotMqttError, Pump
from daemon.mqtt.wire.tls import tls_context
from daemon.system.repeats import Repeats

log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_SETTLED_SECONDS = 10.0
_GOODBYE_SECONDS = 2.0
_LONGEST_GOODBYE_SECONDS = 3.0
_NO_RECEIVE_MAXIMUM = 65_535

_UNANSWERED = "does not acknowledge messages; events are kept and sent again; see its log"


class Link:
    """The connection to the broker, as a context manager.

    It sends the newest message of each topic on the board, and all of them again after each
    reconnect. Events come from the outbox, in order, and leave it once the broker has accepted
    them. On exit it publishes `farewell` instead of the will; with `leaves_nothing` it also clears
    every retained topic. When the hub reports its start on one of the `birth_topics`, everything is
    sent again. Subscriptions to `notices` and to all birth topics but the first are optional: a
    refusal is logged at INFO only. Raises InputError for certificate files that cannot be used.
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
        farewell: Message,
        commands: Reader | None = None,
        notices: Reader | None = None,
        birth_topics: Sequence[str] = (),
        leaves_nothing: bool = False,
    ) -> None:
        self.board = board
        """What the hub should know now; for any thread."""
        self.connection = connection
        """Its state; for any thread."""
        self._settings = settings
        tls = None if settings.tls is None else tls_context(settings.tls)
        self._login = Login(settings, password, tls, client_id, will=farewell)
        self._goodbye = Goodbye(farewell, board, leaves_nothing=leaves_nothing)
        self._reception = Reception(settings, connection, commands, notices, birth_topics)
        self._outbox = outbox
        self._delivery = Delivery(board, outbox, settings, connection.refusals)
        self._subscriptions = Subscriptions(
            self._reception.needed, self._reception.optional, connection.refusals
        )
        self._closing = threading.Event()
        self._retry = threading.Event()
        self._pump = Pump()
        self._protocol = ProtocolChoice(settings.protocol)
        self._losses = QuickLosses(farewell.topic.split("/")[-2])
        self._ending = Ending()
        self._is_answered = False
        self._port_question = PortQuestion()
        self._said = Repeats(log)
        outbox.when_ready(self._pump.wake)
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
        self._thread.join(_LONGEST_GOODBYE_SECONDS)

    def use_password(self, password: str | None) -> None:
        """Log in with this password from the next connection on; without one, connect now."""
        self._login.password = password
        self._retry.set()

    def flush(self, seconds: float) -> int:
        """Wait until everything is sent, at most so long; count the events not acknowledged."""
        deadline = time.monotonic() + seconds
        self._delivery.wait_sent(seconds)
        return self._outbox.wait_empty(max(0.0, deadline - time.monotonic()))

    def check_thread(self) -> None:
        """Raise FailedError where the thread has ended: only a new process can connect again."""
        if not self._thread.is_alive() and not self._closing.is_set():
            raise FailedError(
                "the thread that connects to the broker has ended; exiting; restart Timbrel "
                "(the service manager does so by itself)"
            )

    def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        # The thread may outlive its goodbye, in a connection that hangs.
        with self._pump:
            while not self._closing.is_set():
                spoke_v5 = self._protocol.version is V5
                if self._try_connection():
                    pause = _FIRST_PAUSE_SECONDS
                elif spoke_v5 and self._protocol.version is not V5:
                    continue
                self._retry.wait(pause * random.uniform(0.7, 1.3))  # noqa: S311
                self._retry.clear()
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _try_connection(self) -> bool:
        """Connect and serve until the connection ends or fails; return whether it was stable."""
        try:
            return self._one_connection()
        except Exception as error:  # noqa: BLE001
            # Without this thread, nothing would ever be published again.
            self._report(explain(error, self._settings))
            return False

    def _one_connection(self) -> bool:
        self.connection.begin()
        self._ending, self._is_answered = Ending(), False
        refusals: list[str] = []
        client = self._new_client(refusals)
        try:
            self._login.connect(client, self._protocol.version)
            self._serve(client)
        except (OSError, UnicodeError) as error:
            self._port_question.forget()
            self._report(explain(error, self._settings))
        except NotMqttError:
            refusals.append(NOT_MQTT)
        except Exception as error:
            log.debug("an error inside", exc_info=True)
            self._report(explain(error, self._settings))
        settled = self.connection.seconds >= _SETTLED_SECONDS
        self._conclude(client, refusals, settled=settled)
        return settled

    def _conclude(self, client: BoundedClient, refusals: Sequence[str], *, settled: bool) -> None:
        """Clean up after a connection, and log why it ended."""
        accepted = self.connection.is_accepted
        self.connection.end()
        limited = self._ending.may_be_too_large(v5=self._protocol.version is V5) and accepted
        self._delivery.end(limited=limited and not self._closing.is_set(), settled=settled)
        silent = NO_ANSWER if client.socket() is not None else HUNG_UP
        if client.socket() is not None:
            client.disconnect()
        if settled and not self._ending.is_unanswered:
            self._said.forget()
        if self._closing.is_set() or self.connection.trouble is not None:
            return
        if self._ending.is_unanswered:
            self._report(Trouble(f"the broker at {self._where} {_UNANSWERED}", users=False))
        elif accepted:
            self._lost(settled=settled)
        else:
            self._refused(refusals[0] if refusals else silent)

    def _lost(self, *, settled: bool) -> None:
        """Report the loss of a broker that had accepted us."""
        ending = self._ending
        quick = not settled and (ending.is_taken_over or ending.is_closed)
        self._subscriptions.ended(by_broker=not settled and ending.is_hung_up)
        more = self._losses.lost(quick=quick, taken_over=ending.is_taken_over)
        self._report(Trouble(f"the broker is gone: {ending.words}{more}", users=False))

    def _refused(self, answer: str) -> None:
        """Report that the broker has not accepted us, once no version is left to try."""
        answers = self._protocol.refused(answer)
        if answers is not None and not self._closing.is_set():
            known, ask = self._protocol.has_worked, self._port_question.of
            self._report(refused_login(self._settings, answers, has_worked=known, ask=ask))

    def _report(self, trouble: Trouble) -> None:
        self.connection.fail(trouble)
        self._said.say(logging.ERROR, f"{trouble.reason}; retrying")

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.effective_port}"

    def _new_client(self, refusals: list[str]) -> BoundedClient:
        """A client for one connection; reasons why it is not accepted go to `refusals`."""
        client = self._login.client(
            self._protocol.version,
            lambda message: self._said.say(logging.WARNING, self._reception.ignored(message)),
        )

        def on_connect(_c: Any, _u: Any, _f: Any, code: Any, limits: Any) -> None:
            self._is_answered = True
            self._protocol.answered()
            if code.is_failure:
                refusals.append(code.getName())
            else:
                self._greet(client, limits)

        def on_publish(_c: Any, _u: Any, mid: int, _r: Any, _p: Any) -> None:
            # Without a PUBACK it was a message with QoS 0.
            if (code := client.packets.reasons.pop(mid, None)) is not None:
                self._delivery.acknowledged(mid, code)

        def on_disconnect(_c: Any, _u: Any, _f: Any, code: Any, _p: Any) -> None:
            self._ending.note(code.getName())

        client.on_connect = on_connect
        client.on_disconnect = on_disconnect
        client.on_publish = on_publish
        answered, received = self._subscriptions.answered, self._reception.received
        client.on_subscribe = lambda _c, _u, mid, codes, _p: answered(mid, codes)
        client.on_message = lambda _c, _u, message: received(message)
        return client

    def _greet(self, client: BoundedClient, limits: Any) -> None:
        text = f"connected to the broker at {self._where} with MQTT {self._protocol.name}"
        self._said.say(logging.INFO, text)
        self._protocol.accepted()
        self._delivery.begin(
            getattr(limits, "ReceiveMaximum", _NO_RECEIVE_MAXIMUM),
            getattr(limits, "MaximumPacketSize", None),
            v5=self._protocol.version is V5,
        )
        self._subscriptions.begin(client.subscribe)
        self.connection.accept()

    def _serve(self, client: BoundedClient) -> None:
        """Read, write and keep alive until the connection ends or everything is said."""
        began = time.monotonic()
        goodbye_by: float | None = None
        while client.socket() is not None:
            if self.connection.is_accepted:
                if time.monotonic() >= self.connection.greet_again_at:
                    self.connection.greeted_again()
                    self._delivery.greet_again()
                if self._delivery.is_unanswered:
                    self._ending.is_unanswered = True
                    return
                self._subscriptions.try_again(client.subscribe)
                self._delivery.send(client.send)
            elif time.monotonic() - began > self._protocol.patience_seconds:
                self._protocol.silent()
                return
            if self._closing.is_set():
                goodbye_by = goodbye_by or time.monotonic() + _GOODBYE_SECONDS
                done = not self._outbox.waiting or time.monotonic() > goodbye_by
                if done or not self.connection.is_accepted:
                    turn = partial(self._turn, client)
                    self._goodbye.say(client, turn, is_full=self._delivery.is_full)
                    return
            self._turn(client)

    def _turn(self, client: BoundedClient) -> None:
        # A dead link shows within two keepalives and two of these; the pump is woken for messages.
        accepted = self.connection.is_accepted
        soon = self._closing.is_set() or not accepted
        wait_seconds = min(
            0.2 if soon else self._settings.keepalive_seconds / 4,
            max(0.0, self.connection.greet_again_at - time.monotonic()),
            self._delivery.due_seconds(),
            self._subscriptions.due_seconds(),
        )
        self._pump.turn(client, wait_seconds, lambda: self._is_answered)
        # Before it is accepted the library would give up after one keepalive.
        if self.connection.is_accepted:
            client.loop_misc()
