"""Messages that the broker refuses (MQTT 5): whether to try again, and what the log says."""

import logging
from typing import NamedTuple

from daemon.settings import MqttSettings
from daemon.trouble import Repeats

log = logging.getLogger(__name__)

_SEE_LOG = "see the broker's log"
_WRITE = "give {user} write access to {topic} in the broker's access list"
_TOO_LARGE = 0x95
NOT_AUTHORIZED = 0x87


class _Reason(NamedTuple):
    name: str
    remedy: str
    is_final: bool = False


# 0x95 stands in no standard for a PUBACK; mosquitto sends it where message_size_limit is exceeded.
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


class Refusals:
    """Counts refused messages and logs each topic's refusal at once, then every five minutes."""

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._said = Repeats(log)
        self.count = 0

    def refused(self, topic: str, code: int, fate: str) -> None:
        """A message on the topic was refused with a reason code; `fate`: what happens to it."""
        self.count += 1
        reason = reason_of(code, self._settings, topic)
        self._said.say(logging.ERROR, f"the broker refuses {topic}: {reason}; {fate}")

    def over(self, what: str) -> None:
        """Something that was refused has been accepted."""
        self._said.say(logging.INFO, f"the broker accepts {what}")
