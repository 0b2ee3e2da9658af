"""How the music is played at the moment."""

from typing import NamedTuple

from daemon.practice.dynamics import Mark


class Now(NamedTuple):
    """Figures of the last 30 s of playing unless named; None is unknown."""

    a4_hz: float | None = None
    """The A4 that the playing amounts to."""
    in_tune: float | None = None
    """Share of the time of sustained notes within 10 cents of the scale on `a4_hz`, 0..1."""
    median_cents: float | None = None
    """Median deviation of sustained notes from the reference."""
    tempo_bpm: float | None = None
    """Beats a minute."""
    tempo_stability: float | None = None
    """Standard deviation of the tempo divided by its mean."""
    tempo_drift: float | None = None
    """The tempo relative to that of the first 30 s of the session, minus 1."""
    key: str | None = None
    """Such as `A major`."""
    key_confidence: float | None = None
    """0..1."""
    chord: str | None = None
    """The chord of the last window, in Harte's syntax."""
    next_chord: str | None = None
    """The chord that is likely to follow."""
    dynamic: Mark | None = None
    """The dynamic mark of the last window; the session's median is mf."""
    vibrato_hz: float | None = None
    """The rate of the vibrato in the last window."""
    vibrato_cents: float | None = None
    """Half of peak to peak."""
    genre: dict[str, float] | None = None
    """The likeliest genres of the last minute, with their probabilities."""
