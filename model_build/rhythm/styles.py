"""Styles of made-up songs: metre, range of tempi and drum patterns."""

from typing import NamedTuple


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
    kick: str
    """One bar of the bass drum, a character a step; x is a stroke."""
    snare: str
    """One bar of the snare drum."""
    cymbal: str
    """One bar of hi-hat or ride."""


STYLES: dict[str, Style] = {
    "rock": Style(4, 4, 85, 150, "x.......x.x.....", "....x.......x...", "x.x.x.x.x.x.x.x."),
    "pop": Style(4, 4, 70, 130, "x..x..x...x.....", "....x.......x...", "xxxxxxxxxxxxxxxx"),
    "disco": Style(4, 4, 105, 135, "x...x...x...x...", "....x.......x...", "..x...x...x...x."),
    "funk": Style(4, 4, 85, 120, "x.x...x...x..x..", "....x..x.x..x...", "xxxxxxxxxxxxxxxx"),
    "hip hop": Style(4, 4, 75, 105, "x......x..x.....", "....x.......x...", "x.x.x.x.x.x.xxx."),
    "reggae": Style(4, 4, 65, 95, "........x.......", "........x.......", "x.x.x.x.x.x.x.x."),
    "metal": Style(4, 4, 90, 180, "x.xxx.xxx.xxx.xx", "....x.......x...", "x...x...x...x..."),
    "country": Style(4, 4, 80, 165, "x.......x.......", "....x.......x...", "x.x.x.x.x.x.x.x."),
    "ballad": Style(4, 4, 55, 80, "x.........x.....", "....x.......x...", "x.x.x.x.x.x.x.x."),
    "bossa": Style(4, 4, 60, 90, "x..xx..xx..xx..x", "x..x..x...x..x..", "xxxxxxxxxxxxxxxx"),
    "march": Style(2, 4, 95, 130, "x...x...", "x.xxx.xx", "..x...x."),
    "swing": Style(4, 3, 90, 220, "x.....x.....", "..x.....x...", "x..x.xx..x.x"),
    "shuffle": Style(4, 3, 65, 150, "x.....x.....", "...x.....x..", "x.xx.xx.xx.x"),
    "slow blues": Style(4, 3, 50, 85, "x.....x..x..", "...x.....x..", "xxxxxxxxxxxx"),
    "six-eight": Style(2, 3, 50, 90, "x....x", "...x..", "xxxxxx"),
    "waltz": Style(3, 4, 85, 190, "x...........", "....x...x...", "x...x...x..."),
}
