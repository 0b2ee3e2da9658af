"""The settings in words: what `check` prints and `run` logs first; nothing in it is a secret."""

import msgspec

from daemon.configuration.settings import MqttSettings, SourceSettings


def place(source: SourceSettings) -> str:
    """What a place listens to; of a url only the host, and whether its certificate is verified."""
    if isinstance(source.url, msgspec.UnsetType):
        device = "default" if isinstance(source.device, msgspec.UnsetType) else source.device
        channel = "" if source.channel is None else f", channel {source.channel}"
        return f"microphone {device}{channel}"
    from urllib.parse import urlsplit

    parts = urlsplit(source.url)
    if parts.scheme == "https" or source.tls_verify:
        trust = ", certificate verified"
    elif parts.scheme == "rtsps":
        trust = ", certificate not verified (tls_verify: true does that)"
    else:
        trust = ""
    return f"the camera at {parts.hostname}{trust}"


def broker(mqtt: MqttSettings, box: str, *, has_password: bool) -> str:
    """Where the broker is, how it is connected to, and below which topics."""
    user = f"user {mqtt.username}" if mqtt.username else "no user"
    password = "a password" if has_password else "no password"
    encryption = "TLS" if mqtt.tls else "no TLS"
    return (
        f"{mqtt.host}:{mqtt.effective_port}, {encryption}, {user}, {password}, "
        f"topics {mqtt.topic_prefix}/{box}/…"
    )
