"""The arguments of `timbrel harmonise`."""

import argparse
from pathlib import Path


def add_harmonise_arguments(harmonise: argparse.ArgumentParser) -> None:
    """Add all arguments."""
    harmonise.add_argument(
        "melody", type=Path, metavar="MELODY", help="a MIDI file, or a recording of one voice"
    )
    harmonise.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="the MIDI file to write (default: MELODY-harmonised.mid)",
    )
    harmonise.add_argument(
        "--style",
        choices=["chorale", "pop"],
        default="chorale",
        help="chorale: three voices; pop: a triad a bar (default: %(default)s)",
    )
    harmonise.add_argument(
        "--key", metavar="KEY", help="the key, such as 'A minor' (default: that of the notes)"
    )
    harmonise.add_argument(
        "--track",
        type=_track,
        metavar="N",
        help="the melody's track, counted from 1 (default: the first one with notes)",
    )
    harmonise.add_argument(
        "--audio", type=Path, metavar="FILE", help="also play it into a WAV file (FluidSynth)"
    )
    harmonise.add_argument("--force", action="store_true", help="replace existing output files")


def _track(text: str) -> int:
    if not text.isdecimal() or not int(text[:9]) >= 1:
        raise argparse.ArgumentTypeError(f"invalid track: {text!r} (use a number from 1)")
    return int(text)
