"""Which version of MQTT to speak: brokers that only know 3.1.1 reject MQTT 5 in many ways."""

from typing import Literal

from paho.mqtt.enums import MQTTProtocolVersion

from daemon.mqtt.refused_login import WITHOUT_REASON, WRONG_LOGIN

# A busy broker answers late: each attempt that it leaves without an answer waits twice as long.
_ANSWER_SECONDS = 10.0
_LONGEST_ANSWER_SECONDS = 60.0
_MOST_DOUBLINGS = 10

V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_NAMES = {V5: "5", V311: "3.1.1"}


class ProtocolChoice:
    """Tries MQTT 5 first and 3.1.1 if that fails, unless a version is configured."""

    def __init__(self, setting: Literal["auto", "5", "3.1.1"]) -> None:
        self.version = V311 if setting == "3.1.1" else V5
        """The version to speak now."""
        self.has_worked = False
        """Whether a broker has ever accepted us."""
        self._is_free = setting == "auto"
        self._silences = dict.fromkeys((V5, V311), 0)
        self._answers: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The name of the version to speak now."""
        return _NAMES[self.version]

    @property
    def patience_seconds(self) -> float:
        """How long to wait for an answer to the login."""
        doubled = _ANSWER_SECONDS * 2.0 ** self._silences[self.version]
        return min(doubled, _LONGEST_ANSWER_SECONDS)

    def silent(self) -> None:
        """The broker has not answered in time."""
        self._silences[self.version] = min(self._silences[self.version] + 1, _MOST_DOUBLINGS)

    def answered(self) -> None:
        """The broker has answered, with success or not."""
        self._silences = dict.fromkeys(self._silences, 0)

    def accepted(self) -> None:
        """The broker has accepted us."""
        self.has_worked = True
        self._answers.clear()

    def refused(self, answer: str) -> dict[str, str] | None:
        """Note a refusal and choose the next version.

        Returns the answers by version once there is none left to try; None to try the other now.
        """
        self._answers[self.name] = answer
        # Older brokers answer MQTT 5 with an error, by hanging up, or with silence; a broker that
        # is silent now and has spoken before is only slow.
        is_only_slow = self.has_worked and answer in WITHOUT_REASON
        if self._is_free and not (is_only_slow or answer in WRONG_LOGIN):
            self.version = V311 if self.version is V5 else V5
            if self.version is V311:
                return None
        answers, self._answers = self._answers, {}
        return answers
