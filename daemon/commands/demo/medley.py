"""The bundled medley: its sound file and its passages."""

from pathlib import Path

import msgspec

_FOLDER = Path(__file__).parent
MEDLEY = _FOLDER / "medley.opus"
FAMILY = "family"


class Passage(msgspec.Struct, frozen=True):
    """A part of the medley. Times are in seconds from the start of the medley."""

    what: str
    """The family that plays, or the kind of sound if no instrument plays."""
    kind: str
    """`family`, `speech`, `noise` or `silence`."""
    start_seconds: float
    """Start of the passage."""
    end_seconds: float
    """End of the passage."""
    instrument: str = ""
    """The instrument or sound in plain words."""

    @property
    def seconds(self) -> float:
        """Length of the passage in seconds."""
        return self.end_seconds - self.start_seconds

    @property
    def is_music(self) -> bool:
        """True if an instrument plays."""
        return self.kind == FAMILY


class Medley(msgspec.Struct, frozen=True):
    """The whole medley."""

    seconds: float
    """Length of the sound file."""
    passages: list[Passage]
    """The passages by their start; some overlap."""

    def at(self, seconds: float) -> list[Passage]:
        """Return the passages at that time; several may overlap."""
        return [p for p in self.passages if p.start_seconds <= seconds < p.end_seconds]


def read_medley() -> Medley:
    """Return the passages of the bundled medley."""
    return msgspec.json.decode(MEDLEY.with_suffix(".json").read_bytes(), type=Medley)
