"""Explain why a broker refuses our CONNECT, for each version of MQTT that was tried."""

from collections.abc import Callable, Mapping

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.trouble import Trouble

NO_ANSWER = "it does not answer"
CLOSED = "it closes the connection without an answer"
NOT_MQTT = "its answer is not MQTT"
WITHOUT_REASON = {NO_ANSWER, CLOSED, NOT_MQTT}
WRONG_LOGIN = {"Not authorized", "Bad user name or password", "Banned"}
_UNKNOWN_VERSION = "Unsupported protocol version"
_REMEDIES = {
    "Retain not supported": "allow retained messages in the broker, which Timbrel needs",
    "QoS not supported": "allow QoS 1 in the broker, which Timbrel needs",
    "Client identifier not valid": "correct mqtt.client_id",
    _UNKNOWN_VERSION: "set mqtt.protocol to auto",
}
_SEE_LOG = "see the broker's log"


def probe_port(settings: MqttSettings) -> str | None:
    """Return `port_probe.probe_port(settings)`; it takes some seconds at most."""
    # Imported late because a daemon with a working broker never needs it.
    from daemon.mqtt import port_probe

    return port_probe.probe_port(settings)


class PortProbe:
    """Probes the port once for each kind of failure: a broker may ban frequent connections."""

    def __init__(self) -> None:
        self._answers: Mapping[str, str] | None = None
        self._server: str | None = None

    def reset(self) -> None:
        """Probe again next time, because the port has behaved differently in the meantime."""
        self._answers = None

    def probe(self, settings: MqttSettings, answers: Mapping[str, str]) -> str | None:
        """Return the result of `probe_port`, cached as long as `answers` stay the same."""
        if self._answers != answers:
            self._answers, self._server = answers, probe_port(settings)
        return self._server


def explain_refused_login(
    settings: MqttSettings,
    answers: Mapping[str, str],
    *,
    has_worked: bool = False,
    probe: Callable[[MqttSettings, Mapping[str, str]], str | None] = lambda its, _: probe_port(its),
) -> Trouble:
    """Return why no version of MQTT that was tried works, with the remedy.

    `answers` maps a version to the name of a reason code or to one of `WITHOUT_REASON`. If no
    answer has a reason code and the broker has never worked, `probe` identifies the server.
    """
    address = f"{settings.host}:{settings.effective_port}"
    where = f"the broker at {address}"
    for answer in answers.values():
        if answer in WRONG_LOGIN:
            remedy = "check mqtt.username and mqtt.password_file"
            return Trouble(f"{where} answers {answer}; {remedy}", needs_user=True)
    reasons = {version: a for version, a in answers.items() if a not in WITHOUT_REASON}
    # An unknown version only led to the attempt with the other one, whose reason matters.
    if len(reasons) > 1:
        reasons = {v: a for v, a in reasons.items() if a != _UNKNOWN_VERSION} or reasons
    if reasons:
        return Trouble(f"{where} {_refuses(reasons)}", needs_user=False)
    if not has_worked and (server := probe(settings, answers)):
        return Trouble(f"the server at {address} {server}", needs_user=True)
    return Trouble(f"{where} {_without_reason(set(answers.values()))}", needs_user=False)


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
    if CLOSED in answers:
        return f"closes the connection without an answer; check mqtt.port and mqtt.tls; {_SEE_LOG}"
    return f"does not answer; {_SEE_LOG}"
