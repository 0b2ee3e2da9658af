"""Why the broker does not let us in: its reasons for each version of MQTT, in one sentence."""

from collections.abc import Mapping

from daemon.settings import MqttSettings
from daemon.trouble import Trouble

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


def refused_login(
    settings: MqttSettings, answers: Mapping[str, str], *, has_worked: bool = False
) -> Trouble:
    """Return why no version of MQTT that was tried works, with the remedy.

    `answers` are the names of reason codes, or one of those `WITHOUT_REASON`, by the version. Where
    none is a reason and it has not worked before, the port is asked what it is, for some seconds.
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
    if not has_worked and (stranger := _stranger_at(settings)):
        return Trouble(f"the server at {address} {stranger}", users=True)
    return Trouble(f"{where} {_without_reason(set(answers.values()))}", users=False)


def _stranger_at(settings: MqttSettings) -> str | None:
    # Where all is well, a daemon does without this code.
    from daemon.stranger import stranger_at

    return stranger_at(settings)


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
