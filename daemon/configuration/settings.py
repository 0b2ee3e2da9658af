"""Every setting, typed, with its default; settings_file reads them from YAML."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from daemon.configuration.value_types import (
    HOP_SECONDS,
    Channel,
    ClientId,
    DeviceIndex,
    DeviceName,
    Gate,
    Host,
    Name,
    Port,
    PositiveSeconds,
    Seconds,
    Text,
    TopicPrefix,
    UnitInterval,
    Url,
    UserName,
    Votes,
)

_HUBS_BIRTH_TOPIC = "homeassistant/status"


class FamilySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One family's exceptions; what is left out follows the tracker's common settings."""

    threshold: UnitInterval | None = None
    hysteresis: Annotated[float, Meta(ge=0, lt=1)] | None = None
    votes: Votes | None = None
    vote_seconds: PositiveSeconds | None = None
    start_after_seconds: Seconds | None = None
    stop_after_seconds: PositiveSeconds | None = None
    cooldown_seconds: Seconds | None = None


class TrackerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a run of detections is an event.

    `threshold` None is each family's own, from the model. `hysteresis` is the share of the
    threshold by which the score of an open event may fall below it: thresholds differ too much
    from family to family for one difference of scores. `votes` None is two of every three windows
    within `vote_seconds`.
    """

    threshold: UnitInterval | None = None
    hysteresis: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    votes: Votes | None = None
    vote_seconds: PositiveSeconds = 6.0
    start_after_seconds: Seconds = 0.0
    stop_after_seconds: PositiveSeconds = 6.0
    cooldown_seconds: Seconds = 0.0
    families: dict[str, FamilySettings] = {}


class AudioSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is heard and how often it is looked at."""

    device: DeviceName | DeviceIndex = "default"
    channel: Channel | None = None
    hop_seconds: Annotated[float, HOP_SECONDS] = 1.0
    gate_dbfs: Gate | None = -65.0
    stall_seconds: Annotated[float, Meta(ge=1, le=60)] = 5.0


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One listening place: a microphone, or the sound of a camera. Left out is as in `audio`."""

    name: Name
    device: DeviceName | DeviceIndex | msgspec.UnsetType = msgspec.UNSET
    url: Url | msgspec.UnsetType = msgspec.UNSET
    channel: Channel | None = None
    gate_dbfs: Gate | msgspec.UnsetType | None = msgspec.UNSET
    tls_verify: bool | None = None
    ca_file: Text | None = None


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
    """Broker connection settings. `tls` is None for an unencrypted connection."""

    host: Host = "localhost"
    port: Port | None = None
    username: UserName | None = None
    password_file: Text | None = None
    client_id: ClientId | None = None
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    keepalive_seconds: Annotated[int, Meta(ge=5, le=3600)] = 10
    topic_prefix: TopicPrefix = "timbrel"
    discovery: bool = True
    discovery_prefix: TopicPrefix = "homeassistant"
    birth_topic: TopicPrefix | None = None
    families: list[Text] = []
    area: Text | None = None
    tls: TlsSettings | None = None

    @property
    def effective_port(self) -> int:
        """The port, or the standard one for the kind of connection."""
        return self.port or (1883 if self.tls is None else 8883)

    @property
    def birth_topics(self) -> list[str]:
        """Where the hub may say that it has started; none without discovery.

        Home Assistant's default does not follow the prefix that is set there.
        """
        topics = [f"{self.discovery_prefix}/status", _HUBS_BIRTH_TOPIC]
        if self.birth_topic is not None:
            topics = [self.birth_topic]
        return list(dict.fromkeys(topics)) if self.discovery else []


class PracticeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What counts as a session of playing."""

    gap_seconds: Annotated[float, Meta(ge=10, le=86_400)] = 300.0
    least_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 60.0


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
    sources: tuple[SourceSettings, ...] = ()
    model: ModelSettings = ModelSettings()
    tracker: TrackerSettings = TrackerSettings()
    mqtt: MqttSettings = MqttSettings()
    practice: PracticeSettings = PracticeSettings()
    state: StateSettings = StateSettings()
    outbox: OutboxSettings = OutboxSettings()
    health: HealthSettings = HealthSettings()
    log: LogSettings = LogSettings()

    @property
    def places(self) -> tuple[SourceSettings, ...]:
        """The sources; with none given the one of `audio`, which is called as the box is."""
        audio = self.audio
        one = SourceSettings(name=self.name, device=audio.device, channel=audio.channel)
        return self.sources or (one,)

    def gate_of(self, place: SourceSettings) -> float | None:
        """The gate of one of the places."""
        own = place.gate_dbfs
        return self.audio.gate_dbfs if isinstance(own, msgspec.UnsetType) else own
