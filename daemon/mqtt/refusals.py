"""Messages and subscriptions that the broker refuses: whether to retry, and what to log."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from daemon.configuration.settings import MqttSettings
from daemon.hub.messages import Message
from daemon.system.limited_log import LimitedLog

log = logging.getLogger(__name__)

_SEE_LOG = "see the broker's log"
_WRITE = "give {user} write access to {topic} in the broker's access list"
_TOO_LARGE = 0x95
NOT_AUTHORIZED = 0x87


class _Reason(NamedTuple):
    name: str
    remedy: str
    is_final: bool = False
    """True if sending the same message again cannot succeed."""


# MQTT 5 does not list 0x95 for PUBACK; mosquitto sends it if message_size_limit is exceeded.
_REASONS = {
    0x80: _Reason("Unspecified error", _SEE_LOG),
    0x83: _Reason("Implementation specific error", _SEE_LOG),
    NOT_AUTHORIZED: _Reason("Not authorized", _WRITE),
    0x90: _Reason("Topic name invalid", "correct mqtt.topic_prefix and name", is_final=True),
    0x91: _Reason("Packet identifier in use", _SEE_LOG),
    _TOO_LARGE: _Reason(
        "Packet too large",
        "raise the broker's limit (mosquitto: message_size_limit)",
        is_final=True,
    ),
    0x97: _Reason("Quota exceeded", "raise the broker's quota or rate limit for {user}"),
    0x99: _Reason("Payload format invalid", _SEE_LOG, is_final=True),
}
_LOWEST_FAILURE = 0x80


def is_refusal(code: int) -> bool:
    """Return whether a PUBACK's reason code means that the broker refused the message."""
    return code >= _LOWEST_FAILURE


def is_final(code: int) -> bool:
    """Return whether the same message would always be refused; False for unknown codes."""
    return code in _REASONS and _REASONS[code].is_final


def reason_of(code: int, settings: MqttSettings, topic: str) -> str:
    """Return what the reason code of a refused message on `topic` means, and the remedy."""
    reason = _REASONS.get(code, _Reason(f"reason code 0x{code:02x}", _SEE_LOG))
    return f"{reason.name}; {reason.remedy.format(user=named_user(settings), topic=topic)}"


def named_user(settings: MqttSettings) -> str:
    """Return a phrase for our user in the broker's access list."""
    name = settings.username
    return "clients without a username" if name is None else f"the user {name}"


class _Kind(NamedTuple):
    """Messages that a broker usually refuses together."""

    name: str
    meaning: str
    """Consequence of the refusal, for the log."""


_DISCOVERY = _Kind("discovery", "no device will appear in Home Assistant")
_AVAILABILITY = _Kind("availability", "the hub shows the box as unavailable")
_EVENTS = _Kind("events", "")
_HEARING = _Kind(
    "hearing",
    "the hub receives no report of whether sound arrives, and probably none of what is playing",
)
_PRACTICE = _Kind("practice", "the hub receives no minutes and sessions")
_SETTINGS = _Kind("settings", "the hub does not receive the current values")
_COMMANDS = _Kind("commands", "the hub cannot change settings")
_BIRTH = _Kind("birth", "after a restart of the hub, the states may be missing there for a while")
_LEFTOVERS = _Kind(
    "leftovers",
    "the topics of a place that is no longer configured stay in the hub; "
    "timbrel forget NODE removes them",
)
# Only the removal of a place posts these payloads; the box's own will is not on the board.
_LEFTOVER_PAYLOADS = {b"", b"offline"}
_BY_LEAF = {
    "availability": _AVAILABILITY,
    "event": _EVENTS,
    "late": _EVENTS,
    "hearing": _HEARING,
    "practice": _PRACTICE,
}


class Refusals:
    """Logs refusals once for each kind of message, then every five minutes.

    Messages of several places belong to the same kind.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._discovery = f"{settings.discovery_prefix}/"
        self._limited_log = LimitedLog(log)
        self._kind_of: dict[str, _Kind] = {}
        self.count = 0
        """Number of refused messages since the start."""
        self.kinds: tuple[str, ...] = ()
        """Names of the kinds that are refused now; readable from any thread."""

    def begin(self) -> None:
        """Forget the current refusals, because a new connection begins."""
        self._kind_of.clear()
        self.kinds = ()

    def message_refused(self, message: Message, code: int, consequence: str) -> None:
        """Count and log a message that was refused with a reason code.

        `consequence` is a phrase for the log, such as "it is sent again later".
        """
        self.count += 1
        kind, named = self._note(message.topic, self._kind(message))
        meaning = f"; {kind.meaning}" if kind.meaning else ""
        reason = reason_of(code, self._settings, named)
        self._limited_log.log(
            logging.ERROR, f"the broker refuses {named}: {reason}; {consequence}{meaning}"
        )

    def subscription_refused(self, topic: str, reason: str) -> None:
        """Log that a subscription was refused; `reason` is the name of the reason code."""
        kind, named = self._note(topic, _COMMANDS if topic.endswith("/set") else _BIRTH)
        remedy = f"give {named_user(self._settings)} read access to it in the broker's access list"
        self._limited_log.log(
            logging.ERROR,
            f"the broker refuses our subscription to {named}: {reason}; {remedy}; {kind.meaning}",
        )

    def optional_subscription_refused(self, topic: str, reason: str) -> None:
        """Log at INFO that an optional subscription was refused."""
        self._limited_log.log(logging.INFO, f"the broker refuses read access to {topic}: {reason}")

    def optional_subscriptions_skipped(self, topics: Sequence[str]) -> None:
        """Log that optional subscriptions are skipped because the broker disconnects at them."""
        more = f" and {len(topics) - 1} more" if len(topics) > 1 else ""
        self._limited_log.log(
            logging.WARNING,
            f"the broker closes the connection when Timbrel subscribes to {topics[0]}{more}; "
            "these subscriptions are skipped, so another Timbrel with the same name is not detected"
            f"; give {named_user(self._settings)} read access to {'them' if more else 'it'} "
            "in the broker's access list",
        )

    def accepted(self, topic: str) -> bool:
        """Record an accepted message or subscription; return True if it was refused before."""
        if self._kind_of.pop(topic, None) is None:
            return False
        self._update_kinds()
        return True

    def log_accepted(self, name: str) -> None:
        """Log that the broker accepts `name`, which it refused before."""
        self._limited_log.log(logging.INFO, f"the broker accepts {name}")

    def _note(self, topic: str, kind: _Kind) -> tuple[_Kind, str]:
        """Record a refused topic; return its kind and the first refused topic of that kind."""
        if self._kind_of.get(topic) is not kind:
            self._kind_of[topic] = kind
            self._update_kinds()
        return kind, next(other for other, its in self._kind_of.items() if its is kind)

    def _update_kinds(self) -> None:
        self.kinds = tuple(sorted({kind.name for kind in self._kind_of.values()}))

    def _kind(self, message: Message) -> _Kind:
        topic = message.topic
        if message.retain and message.payload in _LEFTOVER_PAYLOADS:
            return _LEFTOVERS
        if topic.startswith(self._discovery) and topic.endswith("/config"):
            return _DISCOVERY
        return _BY_LEAF.get(topic.rpartition("/")[2], _SETTINGS)
