"""The YAML configuration as frozen, typed settings; whatever is wrong is named by its key."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from daemon import systemd
from daemon.errors import InputError
from daemon.rules import TrackerSettings
from daemon.yaml_file import read_yaml

PASSWORD_VARIABLE = "TIMBREL_MQTT_PASSWORD"  # noqa: S105
HOP_SECONDS = Meta(ge=0.25, le=4.0)

Name = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_-]+\Z", max_length=64, description="letters, digits, _ and - only"),
]
TopicPrefix = Annotated[
    str,
    Meta(
        pattern=r"^[^#+\x00-\x1f/]+(/[^#+\x00-\x1f/]+)*\Z",
        max_length=128,
        description="a plain topic such as home/music: no wildcard (+ or #), no slash at an end",
    ),
]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Text = Annotated[str, Meta(min_length=1)]


class AudioSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is heard and how often it is looked at."""

    device: Text | Annotated[int, Meta(ge=0)] = "default"
    hop_seconds: Annotated[float, HOP_SECONDS] = 1.0
    gate_dbfs: Annotated[float, Meta(ge=-120, le=-1)] | None = -65.0
    stall_seconds: Annotated[float, Meta(ge=1, le=60)] = 5.0


class ModelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which network listens; None is the one that comes with Timbrel."""

    file: Text | None = None


class TlsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the broker proves who it is, and how we do."""

    ca_file: Text | None = None
    certificate_file: Text | None = None
    key_file: Text | None = None
    minimum_version: Literal["1.2", "1.3"] = "1.2"


class MqttSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the broker is and how it is spoken to. `tls` None: an unencrypted connection."""

    host: Text = "localhost"
    port: Port | None = None
    username: Text | None = None
    password_file: Text | None = None
    client_id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    keepalive_seconds: Annotated[int, Meta(ge=5, le=3600)] = 10
    topic_prefix: TopicPrefix = "timbrel"
    discovery: bool = True
    discovery_prefix: TopicPrefix = "homeassistant"
    tls: TlsSettings | None = None

    @property
    def effective_port(self) -> int:
        """The port, or the standard one for the kind of connection."""
        return self.port or (1883 if self.tls is None else 8883)


class StateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What outlives the process; `directory` None is the service manager's or the user's own."""

    directory: Text | None = None


class OutboxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much waits for a broker that is away before the oldest events go."""

    max_events: Annotated[int, Meta(ge=100, le=1_000_000)] = 10_000
    max_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    max_megabytes: Annotated[int, Meta(ge=1, le=256)] = 8


class HealthSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the daemon tells how it does, on this machine alone; `port` None is nowhere."""

    port: Port | None = None


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much the daemon says, and to whom: `text` for people, `json` for programs."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that can be set, with the defaults of a box that needs no configuration."""

    name: Name = "timbrel"
    audio: AudioSettings = AudioSettings()
    model: ModelSettings = ModelSettings()
    tracker: TrackerSettings = TrackerSettings()
    mqtt: MqttSettings = MqttSettings()
    state: StateSettings = StateSettings()
    outbox: OutboxSettings = OutboxSettings()
    health: HealthSettings = HealthSettings()
    log: LogSettings = LogSettings()


def load(path: Path | None) -> Settings:
    """Settings from a YAML file, or the defaults for None.

    Raises InputError for a file that cannot be read or parsed (with line and column), an unknown
    key, a wrong type or a value out of range (with the key).
    """
    return Settings() if path is None else read_yaml(path, Settings)


def read_password(mqtt: MqttSettings, environment: Mapping[str, str] = os.environ) -> str | None:
    """The broker's password: from `password_file`, the service manager, or the environment.

    A file that only root can read counts when the manager handed over a copy of it. Raises
    InputError when it cannot be read and there is no copy.
    """
    copy = systemd.credential(systemd.PASSWORD_CREDENTIAL, environment)
    handed = copy and _text_of(copy)
    if mqtt.password_file is None:
        return handed or environment.get(PASSWORD_VARIABLE)
    try:
        return _text_of(Path(mqtt.password_file))
    except (OSError, UnicodeDecodeError) as error:
        if handed:
            return handed
        reason = getattr(error, "strerror", None) or "not text"
        raise InputError(
            f"mqtt.password_file: {mqtt.password_file}: {reason}; "
            f"create it with the broker's password in it, or set {PASSWORD_VARIABLE}"
        ) from None


def _text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8").rstrip("\r\n")
