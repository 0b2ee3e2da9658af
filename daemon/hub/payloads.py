"""What stands in each message, as types: the topics' API, from which `docs/mqtt.json` is made."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Time = Annotated[str, Meta(description="ISO 8601, local time with its offset")]
Score = Annotated[float, Meta(ge=0, le=1, description="calibrated score, 0 to 1")]
Decibels = Annotated[float, Meta(ge=-120, description="RMS level in dBFS")]
Minutes = Annotated[float, Meta(ge=0)]
Family = Annotated[str, Meta(description="a family of the model")]


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """Whether sound arrives, why not, and since when."""

    hearing: Literal["hearing", "deaf", "muted"]
    reason: str | None
    since: Time


class Sounding(msgspec.Struct, frozen=True, kw_only=True):
    """A family that plays now."""

    score: Score
    since: Time


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What plays now, loudest first; `playing` null: nobody knows, the node is deaf or muted."""

    playing: bool | None
    instrument: Annotated[str, Meta(description="the highest score's family, or none")] | None
    families: dict[str, Sounding]
    level: Decibels
    updated: Time


class EventBody(msgspec.Struct, frozen=True, kw_only=True):
    """One start or end of a family; `event_id` is the same for both."""

    event_type: Literal["started", "ended"]
    event_id: str
    family: Family
    onset: Time
    at: Annotated[str, Meta(description="when it was decided")]
    score: Score
    peak: Score
    node: str
    model: str
    ended_at: Time | UnsetType = UNSET
    duration_seconds: float | UnsetType = UNSET
    reason: (
        Annotated[str, Meta(description="an end that was not the player's: deaf, muted …")]
        | UnsetType
    ) = UNSET
    late: bool | UnsetType = UNSET


class Practice(msgspec.Struct, frozen=True, kw_only=True):
    """What was played today, in minutes, and since when the present session lasts."""

    day: Annotated[str, Meta(description="the local date")]
    minutes: Minutes
    families: dict[str, Minutes]
    session: Time | None


class LastSession(msgspec.Struct, frozen=True, kw_only=True):
    """The last session that ended."""

    minutes: Minutes
    started: Time
    ended: Time
    instruments: list[Family]


class Diagnostics(msgspec.Struct, frozen=True, kw_only=True):
    """How the listener itself fares: what it counted since it started."""

    windows: int
    late_windows: int
    lost_seconds: float
    overflows: int
    reopens: int
    reconnects: int
    queued: int
    dropped: int
    refused: int
    refusing: Annotated[
        list[str],
        Meta(description="what the broker refuses now: discovery, availability, events …"),
    ]
    inference_ms: float
    model: str
    started: Time
