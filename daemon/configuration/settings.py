"""Typed settings with their defaults; `settings_file` reads them from YAML."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from daemon.configuration.practice_settings import PracticeSettings
from daemon.configuration.value_types import (
    HOP_SECONDS,
    Channel,
    ClientId,
    DeviceIndex,
    DeviceName,
    Gate,
    Host,
    Name,
    Patience,
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
from daemon.configuration.web_settings import WebSettings

_HUBS_BIRTH_TOPIC = "homeassistant/status"


class FamilySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Exceptions for one family; None uses the tracker's setting of the same name."""

    threshold: UnitInterval | None = None
    """Score that sound must clearly exceed to be evidence for the family, between 0 and 1."""
    hysteresis: Annotated[float, Meta(ge=0, lt=1)] | None = None
    """Share of the threshold by which an open event's score may fall below it, 0 to below 1."""
    patience: Patience | None = None
    """How much evidence starts an event: quick, normal or sure."""
    votes: Votes | None = None
    """Replaced by `patience`; see `TrackerSettings`. 1 to 1000."""
    vote_seconds: PositiveSeconds | None = None
    """Replaced by `patience`; see `TrackerSettings`. Above 0 to 86400 seconds."""
    start_after_seconds: Seconds | None = None
    """Duration of the sound before an event starts, 0 to 86400 seconds."""
    stop_after_seconds: PositiveSeconds | None = None
    """Time without the family after which an event ends, above 0 to 86400 seconds."""
    cooldown_seconds: Seconds | None = None
    """Time after an event in which the family starts no other, 0 to 86400 seconds."""


class TrackerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rules by which evidence becomes events."""

    threshold: UnitInterval | None = None
    """Score that sound must clearly exceed to be evidence for a family, between 0 and 1.

    None uses the family's own threshold, from the model.
    """
    hysteresis: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    """Share of the threshold by which an open event's score may fall below it, 0 to below 1.

    It is relative because thresholds differ too much between families for one fixed difference.
    """
    patience: Patience | None = None
    """How much evidence starts an event: quick, normal or sure.

    None derives it from `votes` and `vote_seconds`, whose defaults mean normal.
    """
    votes: Votes | None = None
    """Detections within `vote_seconds` that started an event in version 0.1, 1 to 1000.

    None means two of every three windows. `patience` replaces it.
    """
    vote_seconds: PositiveSeconds = 6.0
    """Period in which votes were counted, above 0 to 86400 seconds. `patience` replaces it."""
    start_after_seconds: Seconds = 0.0
    """Duration of the sound before an event starts, 0 to 86400 seconds."""
    stop_after_seconds: PositiveSeconds = 15.0
    """Time without the family after which an event ends, above 0 to 86400 seconds."""
    cooldown_seconds: Seconds = 0.0
    """Time after an event in which its family starts no other, 0 to 86400 seconds."""
    families: dict[str, FamilySettings] = {}
    """Exceptions by family name."""


class AudioSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which sound is analysed, and how often."""

    device: DeviceName | DeviceIndex = "default"
    """The microphone: `default`, usb:VID:PID[:SERIAL], pulse:SOURCE, part of a name, or index."""
    channel: Channel | None = None
    """The channel to use, 1 to 64. None mixes the channels that carry sound."""
    hop_seconds: Annotated[float, HOP_SECONDS] = 1.0
    """Time from one window to the next, 0.25 to 4 seconds."""
    gate_dbfs: Gate | None = -65.0
    """Windows below this level count as silence, -120 to -1 dBFS. None disables the gate."""
    stall_seconds: Annotated[float, Meta(ge=1, le=60)] = 5.0
    """Time without sound after which the microphone counts as lost, 1 to 60 seconds.

    A signal that never changes counts as no sound.
    """


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One listening place: a microphone, or the sound of a camera or a radio."""

    name: Name
    """The name of the place: 1 to 64 letters, digits, _ and -."""
    device: DeviceName | DeviceIndex | msgspec.UnsetType = msgspec.UNSET
    """The microphone, as in `AudioSettings`. A source has either a `device` or a `url`."""
    url: Url | msgspec.UnsetType = msgspec.UNSET
    """The address of a camera or a radio: rtsp://, rtsps://, http:// or https://."""
    channel: Channel | None = None
    """The channel to use, 1 to 64. None mixes the channels that carry sound."""
    gate_dbfs: Gate | msgspec.UnsetType | None = msgspec.UNSET
    """The place's own gate, -120 to -1 dBFS. UNSET uses the one of `audio`; None disables it."""
    tls_verify: bool | None = None
    """True to verify the certificate of an rtsps:// url; https:// is always verified."""
    ca_file: Text | None = None
    """PEM file of the certificates to trust. None trusts the system's authorities."""


class ModelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The model that classifies the sound."""

    file: Text | None = None
    """A model made by timbrel-build. None uses the built-in model."""
    notes_file: Text | None = None
    """A note model made by timbrel-build. None uses the built-in one."""
    genre_file: Text | None = None
    """A genre model made by timbrel-build. None uses the built-in one."""


class TlsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Encryption of the broker connection, and the certificates of both sides."""

    ca_file: Text | None = None
    """PEM file of the authorities to trust. None trusts the system's authorities."""
    certificate_file: Text | None = None
    """The client certificate, for brokers that require one."""
    key_file: Text | None = None
    """The private key of the client certificate."""
    minimum_version: Literal["1.2", "1.3"] = "1.2"
    """The oldest TLS version to accept."""


class MqttSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Broker connection, topics and Home Assistant discovery."""

    host: Host = "localhost"
    """The broker's host name or IP address."""
    port: Port | None = None
    """1 to 65535. None means 1883, or 8883 with `tls`."""
    username: UserName | None = None
    """The user to log in as. Without it no password is sent."""
    password_file: Text | None = None
    """A file that contains only the password.

    None uses the service manager's copy, or else the environment variable TIMBREL_MQTT_PASSWORD.
    """
    client_id: ClientId | None = None
    """The MQTT client id. None derives it from the box's name and `topic_prefix`."""
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    """The MQTT version; `auto` tries 5 and falls back to 3.1.1."""
    keepalive_seconds: Annotated[int, Meta(ge=5, le=3600)] = 10
    """MQTT keepalive, 5 to 3600 seconds."""
    topic_prefix: TopicPrefix = "timbrel"
    """The first part of every topic."""
    discovery: bool = True
    """True to announce the device to Home Assistant."""
    discovery_prefix: TopicPrefix = "homeassistant"
    """The first part of Home Assistant's discovery topics."""
    birth_topic: TopicPrefix | None = None
    """The topic on which Home Assistant announces its start. None uses its two usual ones."""
    families: list[Text] = []
    """Families whose entities are enabled from the start. The others' entities are disabled."""
    area: Text | None = None
    """The area suggested to Home Assistant for the device. None suggests none."""
    tls: TlsSettings | None = None
    """None for an unencrypted connection."""

    @property
    def effective_port(self) -> int:
        """The configured port, or the standard one for the kind of connection."""
        return self.port or (1883 if self.tls is None else 8883)

    @property
    def birth_topics(self) -> list[str]:
        """Topics on which Home Assistant may announce its start; empty without discovery.

        Home Assistant's default birth topic does not follow its discovery prefix.
        """
        topics = [f"{self.discovery_prefix}/status", _HUBS_BIRTH_TOPIC]
        if self.birth_topic is not None:
            topics = [self.birth_topic]
        return list(dict.fromkeys(topics)) if self.discovery else []


class StateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The location of the state that is kept across restarts."""

    directory: Text | None = None
    """None uses the service manager's directory, or else the user's own."""


class OutboxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits for events waiting for the broker; beyond them, the oldest are dropped."""

    max_events: Annotated[int, Meta(ge=100, le=1_000_000)] = 10_000
    """100 to 1000000 events."""
    max_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    """The maximum age of an event, 1 to 3650 days."""
    max_megabytes: Annotated[int, Meta(ge=1, le=256)] = 8
    """1 to 256 MB on disk; memory holds a copy."""


class HistorySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits for events, sessions and days in the history; the oldest are removed first."""

    max_days: Annotated[int, Meta(ge=1, le=36_600)] = 3660
    """The maximum age, 1 to 36600 days."""
    max_megabytes: Annotated[int, Meta(ge=1, le=1024)] = 64
    """The maximum size on disk, 1 to 1024 MB."""


class HealthSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The HTTP server for health and metrics, reachable only from this machine."""

    port: Port | None = None
    """1 to 65535. None disables the server."""


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The log's level and format."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The lowest level that is logged."""
    format: Literal["text", "json"] = "text"
    """`text` for people, or `json` for one JSON object a line."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings; the defaults work without a configuration file."""

    name: Name = "timbrel"
    """The name of the box, used in its topics and as the device's name in the hub."""
    audio: AudioSettings = AudioSettings()
    """The microphone and its windows."""
    sources: tuple[SourceSettings, ...] = ()
    """The listening places. Empty means one place, with the microphone in `audio`."""
    model: ModelSettings = ModelSettings()
    """The model that classifies the sound."""
    tracker: TrackerSettings = TrackerSettings()
    """The rules by which evidence becomes events."""
    mqtt: MqttSettings = MqttSettings()
    """Broker connection, topics and Home Assistant discovery."""
    practice: PracticeSettings = PracticeSettings()
    """The rules for sessions of playing."""
    state: StateSettings = StateSettings()
    """The location of the state that is kept across restarts."""
    outbox: OutboxSettings = OutboxSettings()
    """Limits for events waiting for the broker."""
    history: HistorySettings = HistorySettings()
    """Limits for the history of playing."""
    health: HealthSettings = HealthSettings()
    """The HTTP server for health and metrics."""
    web: WebSettings = WebSettings()
    """The page."""
    log: LogSettings = LogSettings()
    """The log's level and format."""

    @property
    def places(self) -> tuple[SourceSettings, ...]:
        """The sources, or the one place of `audio`, named like the box, if there are none."""
        audio = self.audio
        one = SourceSettings(name=self.name, device=audio.device, channel=audio.channel)
        return self.sources or (one,)

    def gate_of(self, place: SourceSettings) -> float | None:
        """Return the gate of a place in dBFS; None if it has none."""
        own = place.gate_dbfs
        return self.audio.gate_dbfs if isinstance(own, msgspec.UnsetType) else own
