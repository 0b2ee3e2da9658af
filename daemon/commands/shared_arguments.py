"""Arguments that several commands share, and the types of their values."""

import argparse
from pathlib import Path

from daemon.configuration.value_types import HIGHEST_REFERENCE_HZ, LOWEST_REFERENCE_HZ

_MOST_CHANNELS = 64


def add_channel(parser: argparse.ArgumentParser) -> None:
    """Add the choice of one channel of a recording."""
    parser.add_argument(
        "--channel",
        type=_channel,
        default=None,
        metavar="N",
        help="use only this channel, counted from 1 (default: as configured, else mix all)",
    )


def add_reference(parser: argparse.ArgumentParser) -> None:
    """Add the A4 to which notes refer."""
    parser.add_argument(
        "--a4",
        type=_reference_hz,
        default=None,
        metavar="HZ",
        help="the A4 to which the names and cents of notes refer (default: as configured by "
        "practice.reference_hz, else 440)",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the model file."""
    parser.add_argument(
        "--model",
        metavar="FILE",
        help="a model made by timbrel-build, also one of the lab, whose classes are then printed "
        "(default: as configured by model.file, else the built-in model)",
    )


def add_state(parser: argparse.ArgumentParser) -> None:
    """Add the state directory."""
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="the state directory (default: as configured; that of the service is "
        "/var/lib/timbrel)",
    )


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add the configuration file."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the configuration file in YAML (default: none; every setting has its default)",
    )


def speed(text: str) -> float | None:
    """Return a multiple of real time, or None for as fast as possible."""
    if text == "max":
        return None
    try:
        multiple = float(text)
    except ValueError:
        multiple = 0.0
    if not 0.0 < multiple < float("inf"):
        raise argparse.ArgumentTypeError(f"invalid speed: {text!r} (use a positive number or max)")
    return multiple


def _channel(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= _MOST_CHANNELS:
        raise argparse.ArgumentTypeError(
            f"invalid channel: {text!r} (use a number from 1 to {_MOST_CHANNELS})"
        )
    return int(text)


def _reference_hz(text: str) -> float:
    try:
        hertz = float(text)
    except ValueError:
        hertz = 0.0
    if not LOWEST_REFERENCE_HZ <= hertz <= HIGHEST_REFERENCE_HZ:
        raise argparse.ArgumentTypeError(
            f"invalid A4: {text!r} (use a number from {LOWEST_REFERENCE_HZ:g} to "
            f"{HIGHEST_REFERENCE_HZ:g})"
        )
    return hertz
