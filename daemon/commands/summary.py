"""The settings in words: what `check` prints and `run` logs first; nothing in it is a secret."""

import msgspec

from daemon.settings import MqttSettings, SourceSettings


def place(source: SourceSettings) -> str:
    """What a place listens to; of a url only the host."""
    if isinstance(source.url, msgspec.UnsetType):
        device = "default" if isinstance(source.device, msgspec.UnsetType) else source.device
        channel = "" if source.channel is None else f", channel {source.channel}"
        return f"microphone {device}{channel}"
    from urllib.parse import urlsplit

    return f"the camera at {urlsplit(source.url).hostname}"


def broker(mqtt: MqttSettings, box: str, *, has_password: bool) -> str:
    """Where the broker is, how it is connected to, and below which topics."""
    user = f"user {mqtt.username}" if mqtt.username else "no user"
    password = "a password" if has_password else "no password"
    encryption = "TLS" if mqtt.tls else "no TLS"
    return (
        f"{mqtt.host}:{mqtt.effective_port}, {encryption}, {user}, {password}, "
        f"topics {mqtt.topic_prefix}/{box}/…"
    )
