"""Choose the MQTT version: brokers that only support 3.1.1 reject MQTT 5 in many ways."""

from typing import Literal

from paho.mqtt.enums import MQTTProtocolVersion

from daemon.mqtt.refused_login import WITHOUT_REASON, WRONG_LOGIN

# A busy broker answers late: the timeout doubles after each CONNECT without an answer.
_ANSWER_SECONDS = 10.0
_LONGEST_ANSWER_SECONDS = 60.0
_MOST_DOUBLINGS = 10

V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_NAMES = {V5: "5", V311: "3.1.1"}


class ProtocolChoice:
    """Tries MQTT 5 first and 3.1.1 if that fails, unless a version is configured."""

    def __init__(self, setting: Literal["auto", "5", "3.1.1"]) -> None:
        self.version = V311 if setting == "3.1.1" else V5
        """The version for the next CONNECT."""
        self.has_worked = False
        """True once a broker has accepted us."""
        self._is_free = setting == "auto"
        self._timeouts = dict.fromkeys((V5, V311), 0)
        self._answers: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The current version as in the settings: "5" or "3.1.1"."""
        return _NAMES[self.version]

    @property
    def connack_timeout_seconds(self) -> float:
        """Longest time to wait for the CONNACK, in seconds."""
        doubled = _ANSWER_SECONDS * 2.0 ** self._timeouts[self.version]
        return min(doubled, _LONGEST_ANSWER_SECONDS)

    def timed_out(self) -> None:
        """Double the timeout because no CONNACK came in time."""
        self._timeouts[self.version] = min(self._timeouts[self.version] + 1, _MOST_DOUBLINGS)

    def answered(self) -> None:
        """Reset the timeout because a CONNACK came, with success or not."""
        self._timeouts = dict.fromkeys(self._timeouts, 0)

    def accepted(self) -> None:
        """Keep the version because the broker has accepted it."""
        self.has_worked = True
        self._answers.clear()

    def refused(self, answer: str) -> dict[str, str] | None:
        """Record a refusal and choose the next version.

        Returns None if the other version is to be tried at once. Otherwise returns the answers
        by version.
        """
        self._answers[self.name] = answer
        # Older brokers answer MQTT 5 with an error, by closing the connection, or not at all. A
        # broker that does not answer now but has worked before is only slow.
        is_only_slow = self.has_worked and answer in WITHOUT_REASON
        if self._is_free and not (is_only_slow or answer in WRONG_LOGIN):
            self.version = V311 if self.version is V5 else V5
            if self.version is V311:
                return None
        answers, self._answers = self._answers, {}
        return answers
