"""Messages that the broker refuses (MQTT 5): whether to try again, and what the log says."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from daemon.configuration.settings import MqttSettings
from daemon.hub.messages import Message
from daemon.system.repeats import Repeats

log = logging.getLogger(__name__)

_SEE_LOG = "see the broker's log"
_WRITE = "give {user} write access to {topic} in the broker's access list"
_TOO_LARGE = 0x95
NOT_AUTHORIZED = 0x87


class _Reason(NamedTuple):
    name: str
    remedy: str
    is_final: bool = False


# MQTT 5 does not list 0x95 for PUBACK; mosquitto sends it where message_size_limit is exceeded.
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
    """Return whether a PUBACK's reason code means that the broker did not take the message."""
    return code >= _LOWEST_FAILURE


def is_final(code: int) -> bool:
    """Return whether the same message would be refused for ever; no unknown code means that."""
    return code in _REASONS and _REASONS[code].is_final


def reason_of(code: int, settings: MqttSettings, topic: str) -> str:
    """Return why a message on the topic was refused with a reason code, and the remedy."""
    reason = _REASONS.get(code, _Reason(f"reason code 0x{code:02x}", _SEE_LOG))
    return f"{reason.name}; {reason.remedy.format(user=named_user(settings), topic=topic)}"


def named_user(settings: MqttSettings) -> str:
    """Return the words for whom the broker's access list must allow something."""
    name = settings.username
    return "clients without a username" if name is None else f"the user {name}"


class _Kind(NamedTuple):
    """Messages that a broker refuses together, and what it means that it does."""

    name: str
    meaning: str


_DISCOVERY = _Kind("discovery", "no device will appear in Home Assistant")
_AVAILABILITY = _Kind("availability", "the hub shows the box as unavailable")
_EVENTS = _Kind("events", "")
_HEARING = _Kind(
    "hearing", "the hub does not learn whether sound arrives, nor probably what is playing"
)
_PRACTICE = _Kind("practice", "the hub learns of no minutes and sessions")
_SETTINGS = _Kind("settings", "the hub does not learn which values are in force")
_COMMANDS = _Kind("commands", "the hub cannot change settings")
_BIRTH = _Kind("birth", "after a restart of the hub, the states may be missing there for a while")
_LEFTOVERS = _Kind(
    "leftovers",
    "the topics of a place that is no longer configured stay in the hub; "
    "timbrel forget NODE removes them",
)
# Only what removes a place publishes these with retain; the box's own will is not published so.
_OF_LEFTOVERS = {b"", b"offline"}
_BY_LEAF = {
    "availability": _AVAILABILITY,
    "event": _EVENTS,
    "late": _EVENTS,
    "hearing": _HEARING,
    "practice": _PRACTICE,
}


class Refusals:
    """What the broker refuses, logged once for each kind of message, then every five minutes.

    `count` is the number of refused messages; `kinds` names what is refused now and may be read
    from any thread. Messages of several places are of one kind.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._discovery = f"{settings.discovery_prefix}/"
        self._said = Repeats(log)
        self._kind_of: dict[str, _Kind] = {}
        self.count = 0
        self.kinds: tuple[str, ...] = ()

    def begin(self) -> None:
        """A new connection begins, on which nothing has been refused yet."""
        self._kind_of.clear()
        self.kinds = ()

    def refused(self, message: Message, code: int, fate: str) -> None:
        """A message was refused with a reason code; `fate`: what happens to it."""
        self.count += 1
        kind, named = self._note(message.topic, self._of(message))
        meaning = f"; {kind.meaning}" if kind.meaning else ""
        reason = reason_of(code, self._settings, named)
        self._said.say(logging.ERROR, f"the broker refuses {named}: {reason}; {fate}{meaning}")

    def unsubscribed(self, topic: str, reason: str) -> None:
        """A subscription to the topic was refused for that reason."""
        kind, named = self._note(topic, _COMMANDS if topic.endswith("/set") else _BIRTH)
        remedy = f"give {named_user(self._settings)} read access to it in the broker's access list"
        self._said.say(
            logging.ERROR,
            f"the broker refuses our subscription to {named}: {reason}; {remedy}; {kind.meaning}",
        )

    def unreadable(self, topic: str, reason: str) -> None:
        """A subscription that is of use but not needed was refused for that reason."""
        self._said.say(logging.INFO, f"the broker does not let us read {topic}: {reason}")

    def left_out(self, topics: Sequence[str]) -> None:
        """The broker closes the connection at optional subscriptions, which are left out now."""
        more = f" and {len(topics) - 1} more" if len(topics) > 1 else ""
        self._said.say(
            logging.WARNING,
            f"the broker closes the connection when Timbrel subscribes to {topics[0]}{more}; "
            "these subscriptions are left out, so another Timbrel with the same name is not "
            f"noticed; give {named_user(self._settings)} read access to {'them' if more else 'it'} "
            "in the broker's access list",
        )

    def accepted(self, topic: str) -> bool:
        """Something on the topic was accepted; return whether it was refused before."""
        if self._kind_of.pop(topic, None) is None:
            return False
        self._tell_kinds()
        return True

    def over(self, what: str) -> None:
        """Log that something that was refused has been accepted."""
        self._said.say(logging.INFO, f"the broker accepts {what}")

    def _note(self, topic: str, kind: _Kind) -> tuple[_Kind, str]:
        """Return the kind, and the first refused topic of that kind."""
        if self._kind_of.get(topic) is not kind:
            self._kind_of[topic] = kind
            self._tell_kinds()
        return kind, next(other for other, its in self._kind_of.items() if its is kind)

    def _tell_kinds(self) -> None:
        self.kinds = tuple(sorted({kind.name for kind in self._kind_of.values()}))

    def _of(self, message: Message) -> _Kind:
        topic = message.topic
        if message.retain and message.payload in _OF_LEFTOVERS:
            return _LEFTOVERS
        if topic.startswith(self._discovery) and topic.endswith("/config"):
            return _DISCOVERY
        return _BY_LEAF.get(topic.rpartition("/")[2], _SETTINGS)
