"""Settings as short texts for `check` and for the log of `run`. They contain no secrets."""

import msgspec

from daemon.configuration.settings import MqttSettings, SourceSettings


def describe_place(source: SourceSettings) -> str:
    """Return the microphone or camera of a place.

    Of a url it contains only the host, and whether the certificate is verified.
    """
    if isinstance(source.url, msgspec.UnsetType):
        device = "default" if isinstance(source.device, msgspec.UnsetType) else source.device
        channel = "" if source.channel is None else f", channel {source.channel}"
        return f"microphone {device}{channel}"
    from urllib.parse import urlsplit

    parts = urlsplit(source.url)
    if parts.scheme == "https" or source.tls_verify:
        trust = ", certificate verified"
    elif parts.scheme == "rtsps":
        trust = ", certificate not verified (set tls_verify to true to verify it)"
    else:
        trust = ""
    return f"the camera at {parts.hostname}{trust}"


def describe_broker(mqtt: MqttSettings, box: str, *, has_password: bool) -> str:
    """Return the broker's address, encryption and login, and the topics of the box `box`."""
    user = f"user {mqtt.username}" if mqtt.username else "no user"
    password = "a password" if has_password else "no password"
    encryption = "TLS" if mqtt.tls else "no TLS"
    return (
        f"{mqtt.host}:{mqtt.effective_port}, {encryption}, {user}, {password}, "
        f"topics {mqtt.topic_prefix}/{box}/…"
    )
