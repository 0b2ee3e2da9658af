"""The JSON payload of each message as a type; `docs/mqtt.json` is generated from them."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Time = Annotated[str, Meta(description="ISO 8601, local time with its offset")]
Score = Annotated[float, Meta(ge=0, le=1, description="score, 0 to 1; 0.5 is the operating point")]
ModelScore = Annotated[float, Meta(ge=0, le=1, description="calibrated score of the model, 0 to 1")]
Decibels = Annotated[float, Meta(ge=-120, description="RMS level in dBFS")]
Minutes = Annotated[float, Meta(ge=0)]
Family = Annotated[str, Meta(description="a family of the model")]


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """Whether sound arrives, why not, and since when."""

    hearing: Literal["hearing", "deaf", "muted"]
    """The state of the place."""
    reason: str | None
    """Why there is no sound; null unless `hearing` is deaf."""
    since: Time
    """When the state began."""


class Sounding(msgspec.Struct, frozen=True, kw_only=True):
    """A family that plays now."""

    score: Score
    """The newest score."""
    since: Time
    """The onset."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The families that play, highest score first; `playing` is null while deaf or muted."""

    playing: bool | None
    """True if a family plays; null if the node is deaf or muted."""
    instrument: Annotated[str, Meta(description="family with the highest score, or none")] | None
    """The family with the highest score, or the string none; null if deaf or muted."""
    families: dict[str, Sounding]
    """The families that play, by name."""
    level: Decibels
    """The level of the newest window."""
    updated: Time
    """When the message was made."""


class EventBody(msgspec.Struct, frozen=True, kw_only=True):
    """One start or end of a family; `event_id` is the same for both."""

    event_type: Literal["started", "ended"]
    """Start or end."""
    event_id: str
    """Unique id of the event."""
    family: Family
    """The family that plays."""
    onset: Time
    """When the family began to play."""
    at: Annotated[str, Meta(description="when it was detected")]
    """When the start or end was detected."""
    score: Score
    """The score at `at`."""
    peak: Score
    """The highest score so far."""
    model_score: ModelScore
    """The model's score at `at`, on the scale of `tracker.threshold`."""
    node: str
    """The name of the place."""
    model: str
    """The title of the model."""
    ended_at: Time | UnsetType = UNSET
    """When the family stopped playing; only in an end."""
    duration_seconds: float | UnsetType = UNSET
    """Seconds from `onset` to `ended_at`; only in an end."""
    reason: (
        Annotated[str, Meta(description="why it ended if the player did not stop: deaf, muted …")]
        | UnsetType
    ) = UNSET
    """Why the event ended if the player did not stop; only in such an end."""
    late: bool | UnsetType = UNSET
    """True for an event that is sent long after it happened."""


class Practice(msgspec.Struct, frozen=True, kw_only=True):
    """Minutes played today and the start of the current session."""

    day: Annotated[str, Meta(description="the local date")]
    """The day, YYYY-MM-DD."""
    minutes: Minutes
    """Minutes in which any family played."""
    families: dict[str, Minutes]
    """Minutes of each family."""
    session: Time | None
    """When the current session began; null between sessions."""
    week_minutes: Minutes
    """Minutes in which any family played since Monday, today included."""
    week_families: dict[str, Minutes]
    """Minutes since Monday of each family that played."""


class LastSession(msgspec.Struct, frozen=True, kw_only=True):
    """The last session that ended."""

    minutes: Minutes
    """From the first onset to the last sound."""
    started: Time
    """The first onset."""
    ended: Time
    """The last sound."""
    instruments: list[Family]
    """The families that were played."""


class PracticeSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The summary of the last session that ended; null is unknown."""

    started: Time
    """The first onset."""
    ended: Time
    """The last sound."""
    minutes: Annotated[
        dict[str, Minutes | None], Meta(description="minutes of each family that was played")
    ]
    """Minutes of each family that was played."""
    notes: Annotated[int, Meta(ge=0, description="number of notes")] | None
    """Number of notes played."""
    range: Annotated[tuple[str, str], Meta(description="lowest and highest note")] | None
    """The lowest and the highest note."""
    a4_hz: Annotated[float, Meta(description="the A4 of the playing, in Hz")] | None
    """The A4 that the playing amounts to."""
    in_tune: Annotated[float, Meta(description="share of time in tune, 0 to 1")] | None
    """Share of the time of sustained notes within 10 cents of the scale on `a4_hz`."""
    median_cents: Annotated[float, Meta(description="from the reference, in cents")] | None
    """Median deviation from the reference."""
    tuning_drift_cents: (
        Annotated[float, Meta(description="last third minus first third, in cents")] | None
    )
    """Median cents of the last third minus that of the first."""
    tempo_range: Annotated[tuple[float, float], Meta(description="bpm")] | None
    """The slowest and the fastest tempo."""
    tempo_stability: (
        Annotated[float, Meta(description="standard deviation / mean of the tempo")] | None
    )
    """Standard deviation of the tempo divided by its mean."""
    keys: Annotated[dict[str, Minutes], Meta(description="minutes in each key")] | None
    """Minutes in each key."""
    dynamic_range_db: Annotated[float, Meta(description="dB")] | None
    """From the softest to the loudest playing."""
    legato: Annotated[float, Meta(description="share of connected notes, 0 to 1")] | None
    """Share of notes that begin within 50 ms of the end of the note before."""
    longest_passage_seconds: (
        Annotated[float, Meta(description="longest passage without a pause of 2 s")] | None
    )
    """The longest passage without a pause of more than 2 s."""


class PracticeNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The notes that sound; `note` is null and `notes` empty once the last one has ended."""

    note: Annotated[str, Meta(description="the note that began last")] | None
    """The note that began last, in scientific pitch."""
    notes: list[str]
    """All notes that sound, from low to high."""
    midi: int | UnsetType = UNSET
    """The MIDI number of `note` at the reference; only if a note sounds."""
    cents: (
        Annotated[float, Meta(description="deviation of `note`, -50 to 50")] | UnsetType | None
    ) = UNSET
    """Deviation of `note` from its pitch; null if it does not sound alone."""


class PracticeNow(msgspec.Struct, frozen=True, kw_only=True):
    """How the music was played in the last 30 s; null is unknown, all of it while nobody plays."""

    a4_hz: Annotated[float, Meta(description="the A4 of the playing, in Hz")] | None
    """The A4 that the playing amounts to."""
    in_tune: Annotated[float, Meta(description="share of time in tune, 0 to 1")] | None
    """Share of the time of sustained notes within 10 cents of the scale on `a4_hz`."""
    median_cents: Annotated[float, Meta(description="from the reference, in cents")] | None
    """Median deviation from the reference."""
    tempo_bpm: Annotated[float, Meta(description="beats a minute")] | None
    """Beats a minute."""
    tempo_stability: (
        Annotated[float, Meta(description="standard deviation / mean of the tempo")] | None
    )
    """Standard deviation of the tempo divided by its mean."""
    tempo_drift: (
        Annotated[float, Meta(description="tempo / tempo at the beginning of the session - 1")]
        | None
    )
    """The tempo relative to that of the first 30 s of the session, minus 1."""
    key: str | None
    """Such as A major."""
    key_confidence: Annotated[float, Meta(ge=0, le=1)] | None
    """Confidence of the key."""
    chord: Annotated[str, Meta(description="Harte's syntax; of the last window")] | None
    """The chord of the last window."""
    next_chord: Annotated[str, Meta(description="Harte's syntax")] | None
    """The chord that is likely to follow."""
    dynamic: Annotated[str, Meta(description="pp to ff; the session's median is mf")] | None
    """The dynamic mark of the last window."""
    vibrato_hz: Annotated[float, Meta(description="of the last window")] | None
    """Rate of the vibrato."""
    vibrato_cents: Annotated[float, Meta(description="half of peak to peak")] | None
    """Extent of the vibrato."""
    genre: Annotated[dict[str, float], Meta(description="of the last 60 s")] | None
    """The likeliest genres."""


class Diagnostics(msgspec.Struct, frozen=True, kw_only=True):
    """Counters of the listener since it started."""

    windows: int
    """Windows heard."""
    late_windows: int
    """Windows skipped because they came too late."""
    lost_seconds: float
    """Seconds of sound missed."""
    overflows: int
    """Times that sound was overwritten before it was read."""
    reopens: int
    """Times that sound returned after a loss."""
    reconnects: int
    """Connections to the broker after the first one."""
    queued: int
    """Events that the broker has not acknowledged yet."""
    dropped: int
    """Events dropped for lack of room, or because the broker would never accept them."""
    refused: int
    """Times that the broker refused a message."""
    refusing: Annotated[
        list[str],
        Meta(description="message kinds that the broker refuses now: discovery, events …"),
    ]
    """The kinds of messages that the broker refuses now."""
    inference_ms: float
    """Moving average of the time that a window takes, in milliseconds."""
    practice_ms: float
    """Moving average of the time that the companion takes for a window of playing."""
    model: str
    """The title of the model."""
    started: Time
    """When the daemon started."""
