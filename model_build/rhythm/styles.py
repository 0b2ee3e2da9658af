"""Nineteen styles of made-up songs: metre, range of tempi and drum patterns."""

from typing import NamedTuple


class Groove(NamedTuple):
    """One bar of drums, a character a step; x is a stroke."""

    kick: str
    """The bass drum."""
    snare: str
    """The snare drum or its rim."""
    cymbal: str
    """Hi-hat or ride."""


class Style(NamedTuple):
    """How a kind of music divides its beats."""

    beats: int
    """Beats in a bar."""
    steps: int
    """Steps in a beat: 4 semiquavers, or 3 triplets or quavers of six-eight time."""
    slowest_bpm: float
    """Lowest tempo of the felt beat."""
    fastest_bpm: float
    """Highest tempo of the felt beat."""
    grooves: tuple[Groove, ...]
    """The drum patterns to choose from."""
    swing: float = 0.0
    """The most by which the second half of a beat comes late, as a share of the beat."""
    accompaniments: tuple[str, ...] = ()
    """Typical names of `parts.ACCOMPANIMENTS`; any can be used."""


_EIGHTHS, _SIXTEENTHS, _QUARTERS = "x.x.x.x.x.x.x.x.", "xxxxxxxxxxxxxxxx", "x...x...x...x..."
_OFF_BEATS, _BACKBEAT, _NONE = "..x...x...x...x.", "....x.......x...", "................"
_TRIPLETS, _SWUNG = "xxxxxxxxxxxx", "x..x.xx..x.x"

STYLES: dict[str, Style] = {
    "rock": Style(
        *(4, 4, 85, 150),
        (
            Groove("x.......x.x.....", _BACKBEAT, _EIGHTHS),
            Groove("x.x.....x..x....", _BACKBEAT, _EIGHTHS),
            Groove("x.....x.x.......", _BACKBEAT, _QUARTERS),
        ),
    ),
    "pop": Style(
        *(4, 4, 70, 130),
        (
            Groove("x......xx.......", _BACKBEAT, _EIGHTHS),
            Groove("x..x..x...x.....", "....x.......x..x", _SIXTEENTHS),
        ),
    ),
    "disco": Style(
        *(4, 4, 105, 135),
        (
            Groove(_QUARTERS, _BACKBEAT, _OFF_BEATS),
            Groove(_QUARTERS, _BACKBEAT, _SIXTEENTHS),
        ),
    ),
    "house": Style(
        *(4, 4, 115, 150),
        (
            Groove(_QUARTERS, _NONE, _OFF_BEATS),
            Groove(_QUARTERS, _BACKBEAT, "x.xxx.xxx.xxx.xx"),
            Groove("x...x...x...x.x.", "....x.......x..x", _OFF_BEATS),
        ),
    ),
    "funk": Style(
        *(4, 4, 85, 120),
        (
            Groove("x.x...x...x..x..", "....x..x.x..x...", _SIXTEENTHS),
            Groove("x..x..x...x.....", "....x..x....x..x", "x.xxx.x.x.xxx.x."),
        ),
        swing=0.05,
    ),
    "hip hop": Style(
        *(4, 4, 75, 105),
        (
            Groove("x......x..x.....", _BACKBEAT, _EIGHTHS),
            Groove("x.x....x..x...x.", _BACKBEAT, "x.x.x.x.x.x.xxx."),
        ),
        swing=0.1,
    ),
    "reggae": Style(
        *(4, 4, 65, 95),
        (
            Groove("........x.......", "........x.......", _EIGHTHS),
            Groove("....x.......x...", "....x.......x...", _EIGHTHS),
            Groove(_QUARTERS, "........x.......", _EIGHTHS),
        ),
        swing=0.08,
        accompaniments=("off beats",),
    ),
    "metal": Style(
        *(4, 4, 90, 185),
        (
            Groove(_SIXTEENTHS, _BACKBEAT, _QUARTERS),
            Groove("x.xxx.xxx.xxx.xx", _BACKBEAT, _QUARTERS),
            Groove(_EIGHTHS, "..x...x...x...x.", _EIGHTHS),
        ),
        accompaniments=("divided",),
    ),
    "drum and bass": Style(
        *(4, 4, 155, 182),
        (
            Groove("x.........x.....", _BACKBEAT, _EIGHTHS),
            Groove("x.x.......xx....", "....x..x.x..x..x", _EIGHTHS),
        ),
    ),
    "train": Style(
        *(4, 4, 85, 130),
        (
            Groove(_QUARTERS, _SIXTEENTHS, _NONE),
            Groove("x.......x.......", "..x.x.x...x.x.x.", _QUARTERS),
        ),
        accompaniments=("boom-chick", "strum"),
    ),
    "country": Style(
        *(4, 4, 80, 170),
        (
            Groove("x.......x.......", _BACKBEAT, _EIGHTHS),
            Groove("x.......x.x.....", _BACKBEAT, _NONE),
        ),
        swing=0.06,
        accompaniments=("boom-chick", "strum"),
    ),
    "ballad": Style(
        *(4, 4, 55, 80),
        (
            Groove("x.........x.....", _BACKBEAT, _EIGHTHS),
            Groove("x......xx.......", _BACKBEAT, _SIXTEENTHS),
        ),
        accompaniments=("arpeggio", "pad"),
    ),
    "bossa": Style(
        *(4, 4, 60, 90),
        (Groove("x..xx..xx..xx..x", "x..x..x...x..x..", _SIXTEENTHS),),
        accompaniments=("syncopated",),
    ),
    "march": Style(
        *(2, 4, 95, 130),
        (
            Groove("x...x...", "x.xxx.xx", "..x...x."),
            Groove("x...x...", "..x...x.", "........"),
        ),
        accompaniments=("boom-chick",),
    ),
    "swing": Style(
        *(4, 3, 90, 220),
        (
            Groove("x.....x.....", "..x.....x...", _SWUNG),
            Groove("............", "...x.....x..", _SWUNG),
        ),
        accompaniments=("syncopated",),
    ),
    "shuffle": Style(
        *(4, 3, 65, 150),
        (
            Groove("x.....x.....", "...x.....x..", "x.xx.xx.xx.x"),
            Groove("x.xx.xx.xx.x", "...x.....x..", "x.xx.xx.xx.x"),
        ),
    ),
    "slow blues": Style(
        *(4, 3, 50, 85),
        (
            Groove("x.....x..x..", "...x.....x..", _TRIPLETS),
            Groove("x....xx.....", "...x.....x..", _TRIPLETS),
        ),
    ),
    "six-eight": Style(
        *(2, 3, 50, 90),
        (
            Groove("x....x", "...x..", "xxxxxx"),
            Groove("x.....", "...x..", "xxxxxx"),
        ),
        accompaniments=("arpeggio", "divided"),
    ),
    "waltz": Style(
        *(3, 4, 85, 190),
        (
            Groove("x...........", "....x...x...", "x...x...x..."),
            Groove("x...........", "............", "x...x.x.x..."),
        ),
        accompaniments=("boom-chick",),
    ),
}
