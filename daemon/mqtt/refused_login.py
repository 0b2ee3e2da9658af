"""Why the broker does not let us in: its reasons for each version of MQTT, in one sentence."""

from collections.abc import Callable, Mapping

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.trouble import Trouble

NO_ANSWER = "it does not answer"
HUNG_UP = "it closes the connection without an answer"
NOT_MQTT = "its answer is not MQTT"
WITHOUT_REASON = {NO_ANSWER, HUNG_UP, NOT_MQTT}
WRONG_LOGIN = {"Not authorized", "Bad user name or password", "Banned"}
_UNKNOWN_VERSION = "Unsupported protocol version"
_REMEDIES = {
    "Retain not supported": "allow retained messages in the broker, which Timbrel needs",
    "QoS not supported": "allow QoS 1 in the broker, which Timbrel needs",
    "Client identifier not valid": "correct mqtt.client_id",
    _UNKNOWN_VERSION: "set mqtt.protocol to auto",
}
_SEE_LOG = "see the broker's log"


def stranger_at(settings: MqttSettings) -> str | None:
    """Return what kind of server answers at the port in place of a broker; takes some seconds."""
    # Not imported at the start: a daemon whose broker answers never needs it.
    from daemon.mqtt import stranger

    return stranger.stranger_at(settings)


class PortQuestion:
    """Asks the port what it is once for each kind of failure: a broker may ban who asks often."""

    def __init__(self) -> None:
        self._answers: Mapping[str, str] | None = None
        self._stranger: str | None = None

    def forget(self) -> None:
        """Ask again next time, because the port has behaved differently meanwhile."""
        self._answers = None

    def of(self, settings: MqttSettings, answers: Mapping[str, str]) -> str | None:
        """Return what `stranger_at` returned when these answers to logins first came."""
        if self._answers != answers:
            self._answers, self._stranger = answers, stranger_at(settings)
        return self._stranger


def refused_login(
    settings: MqttSettings,
    answers: Mapping[str, str],
    *,
    has_worked: bool = False,
    ask: Callable[[MqttSettings, Mapping[str, str]], str | None] = lambda its, _: stranger_at(its),
) -> Trouble:
    """Return why no version of MQTT that was tried works, with the remedy.

    `answers` are the names of reason codes, or one of those `WITHOUT_REASON`, by the version. Where
    none is a reason and it has not worked before, `ask` finds out what the port is instead.
    """
    address = f"{settings.host}:{settings.effective_port}"
    where = f"the broker at {address}"
    for answer in answers.values():
        if answer in WRONG_LOGIN:
            remedy = "check mqtt.username and mqtt.password_file"
            return Trouble(f"{where} answers {answer}; {remedy}", users=True)
    reasons = {version: a for version, a in answers.items() if a not in WITHOUT_REASON}
    # Of two reasons, this one only led to the attempt with the other version.
    if len(reasons) > 1:
        reasons = {v: a for v, a in reasons.items() if a != _UNKNOWN_VERSION} or reasons
    if reasons:
        return Trouble(f"{where} {_refuses(reasons)}", users=False)
    if not has_worked and (stranger := ask(settings, answers)):
        return Trouble(f"the server at {address} {stranger}", users=True)
    return Trouble(f"{where} {_without_reason(set(answers.values()))}", users=False)


def _refuses(reasons: Mapping[str, str]) -> str:
    remedies = [_REMEDIES.get(answer, _SEE_LOG) for answer in reasons.values()]
    remedy = " and ".join(dict.fromkeys(remedies))
    if len(set(reasons.values())) == 1:
        return f"refuses: {next(iter(reasons.values()))}; {remedy}"
    each = [f"MQTT {version}: {answer}" for version, answer in reasons.items()]
    return f"refuses {' and '.join(each)}; {remedy}"


def _without_reason(answers: set[str]) -> str:
    if NOT_MQTT in answers:
        return "sends answers that are not MQTT; correct mqtt.port"
    if HUNG_UP in answers:
        return f"closes the connection without an answer; check mqtt.port and mqtt.tls; {_SEE_LOG}"
    return f"does not answer; {_SEE_LOG}"
