"""General MIDI's programs as instruments of the families: their range and playing style."""

from typing import NamedTuple

from model_build.rendering.program_table import KIT_TABLE, PROGRAM_TABLE

STYLES = ("solo", "fingers", "strummed", "ensemble", "line", "strokes", "kit")


class Program(NamedTuple):
    """An instrument or a drum kit of a General MIDI soundfont."""

    number: int
    """MIDI program number, 0..127; of a kit, that on channel 10."""
    name: str
    """Name in the corpus."""
    family: str
    """The family that it is labelled with."""
    lowest_midi: int
    """Lowest pitch, or lowest key of a kit."""
    highest_midi: int
    """Highest pitch, or highest key of a kit."""
    style: str
    """How it is played: one of STYLES."""
    group: str
    """Shared by programs that use the same samples."""
    accepts: tuple[str, ...]
    """The families that count as a correct answer."""

    @property
    def is_kit(self) -> bool:
        """True if each key is another drum."""
        return self.style == "kit"


def _read(table: str) -> tuple[Program, ...]:
    lines = table.strip().splitlines()
    return tuple(_program(*line.split()) for line in lines if not line.startswith("#"))


def _program(number: str, name: str, family: str, pitches: str, *others: str) -> Program:
    lowest, highest = pitches.split("-")
    style, shared, accepts = others
    return Program(
        int(number),
        name,
        family,
        int(lowest),
        int(highest),
        style,
        f"fluidr3-{name if shared == '-' else shared}",
        (family,) if accepts == "-" else tuple(accepts.split(";")),
    )


PROGRAMS = _read(PROGRAM_TABLE) + _read(KIT_TABLE)
FAMILIES = tuple(sorted({program.family for program in PROGRAMS}))
