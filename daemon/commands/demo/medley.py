"""The bundled medley: its sound file, and which passages it consists of."""

from pathlib import Path

import msgspec

_FOLDER = Path(__file__).parent
MEDLEY = _FOLDER / "medley.opus"
FAMILY = "family"


class Passage(msgspec.Struct, frozen=True):
    """A part of the medley: a family, or speech, noise or silence, and when it sounds."""

    what: str
    kind: str
    start_seconds: float
    end_seconds: float
    instrument: str = ""

    @property
    def seconds(self) -> float:
        """Length of the passage."""
        return self.end_seconds - self.start_seconds

    @property
    def is_music(self) -> bool:
        """Whether an instrument plays."""
        return self.kind == FAMILY


class Medley(msgspec.Struct, frozen=True):
    """The whole medley: its length and its passages in the order of their starts."""

    seconds: float
    passages: list[Passage]

    def at(self, seconds: float) -> list[Passage]:
        """The passages that sound at that moment; several may play at once."""
        return [p for p in self.passages if p.start_seconds <= seconds < p.end_seconds]


def medley() -> Medley:
    """The truth about the bundled medley."""
    return msgspec.json.decode(MEDLEY.with_suffix(".json").read_bytes(), type=Medley)
