"""The YAML configuration as frozen, typed settings; whatever is wrong is named by its key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from daemon.document import Document, Problem
from daemon.host_name import host_fault
from daemon.rules import TrackerSettings
from daemon.yaml_file import read_document
from daemon.yaml_words import FAULT

HOP_SECONDS = Meta(ge=0.25, le=4.0)

Name = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_-]+\Z", max_length=64, description="letters, digits, _ and - only"),
]
# Brokers disconnect whoever sends these characters in a topic, a name or a password.
_CONTROLS = r"\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff"
TopicPrefix = Annotated[
    str,
    Meta(
        pattern=rf"^(?!\$)[^#+/{_CONTROLS}]+(/[^#+/{_CONTROLS}]+)*\Z",
        max_length=128,
        description="a plain topic such as home/music: no wildcard (+ or #), no slash at an end, "
        "no control character, and no $ at the beginning, which brokers keep for themselves",
    ),
]
Host = Annotated[str, Meta(extra={FAULT: host_fault})]
_HUBS_BIRTH_TOPIC = "homeassistant/status"
_PRINTABLE = rf"^[^{_CONTROLS}]+\Z"
_PRINTABLE_RULE = "text without control characters and line ends"
UserName = Annotated[str, Meta(pattern=_PRINTABLE, max_length=1000, description=_PRINTABLE_RULE)]
ClientId = Annotated[str, Meta(pattern=_PRINTABLE, max_length=64, description=_PRINTABLE_RULE)]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Text = Annotated[str, Meta(min_length=1)]
DeviceName = Annotated[
    str,
    Meta(
        pattern=r"^(?!.*://)(usb:[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}(:.+)?|pulse:.+|(?!usb:|pulse:).+)\Z",
        description="default, a part of a name from timbrel devices, usb:VID:PID, "
        "usb:VID:PID:SERIAL or pulse:SOURCE; the address of a camera or a radio belongs in "
        "sources: [{name: hall, url: …}]",
    ),
]
DeviceIndex = Annotated[int, Meta(ge=0, le=9999)]
Url = Annotated[
    str,
    Meta(
        pattern=r"^(rtsps?|https?)://[^\s/]+.*\Z",
        description="an address that begins with rtsp://, rtsps://, http:// or https://",
    ),
]
Channel = Annotated[int, Meta(ge=1, le=64)]
Gate = Annotated[float, Meta(ge=-120, le=-1)]


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


def load(path: Path | None) -> Settings:
    """Settings from a YAML file, or the defaults for None.

    Raises InputError, with a line for each fault, for a file that cannot be read or parsed, an
    unknown key, a wrong type, a value out of range and settings that contradict each other.
    """
    return Settings() if path is None else read_settings(path).sound()


def read_settings(path: Path) -> Document[Settings]:
    """The file as far as it can be understood; raises InputError where it is not YAML at all."""
    document = read_document(path, Settings)
    return document.with_problems(_contradictions(document))


def _contradictions(document: Document[Settings]) -> Iterator[Problem]:
    """Values that are each sound but cannot stand together."""
    settings = document.value
    if settings is None:
        return
    names: set[str] = set()
    for number, source in enumerate(settings.sources):
        key = f"sources.{number}"
        if source.name in names:
            text = f"{source.name} appears twice; give each place its own"
            yield Problem(f"{key}.name", text)
        names.add(source.name)
        if document.is_sound(key):
            yield from _contradictions_of(source, key)
    if settings.sources and settings.audio.device != AudioSettings().device:
        yield Problem("audio.device", "not with sources, which name their own; leave it out")


def _contradictions_of(source: SourceSettings, key: str) -> Iterator[Problem]:
    given = [name for name in ("device", "url") if getattr(source, name) is not msgspec.UNSET]
    if len(given) != 1:
        fault = "both device and url" if given else "neither device nor url"
        yield Problem(key, f"{source.name} has {fault}; give it one of them")
    if "url" in given and source.channel is not None:
        yield Problem(f"{key}.channel", "a url has no channels to choose; leave it out")
    if isinstance(source.url, str) and not _has_host(source.url):
        text = "not an address with a host; write one such as rtsp://user:password@camera/stream"
        yield Problem(f"{key}.url", text)


def _has_host(url: str) -> bool:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        return False
    return has_host and not any(letter <= " " for letter in url)
