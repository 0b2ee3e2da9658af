"""Which figures of the playing are wanted, and which analysers they need; pure."""

import msgspec


class Switches(msgspec.Struct, frozen=True, kw_only=True):
    """What the companion measures while somebody plays."""

    enabled: bool = True
    """False switches the companion off."""
    tuning: bool = True
    """A4, cents and the share in tune; needs the notes."""
    tempo: bool = True
    """Beats, tempo, steadiness and drift."""
    key: bool = True
    """The key, which also spells the names of notes."""
    notes: bool = True
    """Number, range and articulation of the notes, and vibrato."""
    dynamics: bool = True
    """Dynamic marks and range."""
    chords: bool = False
    """The chord that sounds."""
    genre: bool = False
    """The genre."""
    live_notes: bool = False
    """The note that sounds, several times a second."""
    reference_hz: float = 440.0
    """The A4 to which the names and cents of notes refer."""

    @property
    def needs_notes(self) -> bool:
        """True if notes and their pitch must be recognized."""
        return self.enabled and (self.notes or self.tuning or self.live_notes)

    @property
    def needs_peaks(self) -> bool:
        """True if steady partials must be found."""
        return self.enabled and self.tuning

    @property
    def needs_rhythm(self) -> bool:
        """True if beats must be found."""
        return self.enabled and self.tempo

    @property
    def needs_harmony(self) -> bool:
        """True if key or chords must be found."""
        return self.enabled and (self.key or self.chords)

    @property
    def needs_levels(self) -> bool:
        """True if levels must be measured."""
        return self.enabled and self.dynamics

    @property
    def needs_genre(self) -> bool:
        """True if the genre must be found."""
        return self.enabled and self.genre

    @property
    def needs_anything(self) -> bool:
        """True if any analyser must run."""
        return (
            self.needs_notes
            or self.needs_peaks
            or self.needs_rhythm
            or self.needs_harmony
            or self.needs_levels
            or self.needs_genre
        )
