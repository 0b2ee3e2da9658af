"""The arguments of `timbrel tune`."""

import argparse

_LOWEST_A4_HZ, _HIGHEST_A4_HZ = 380.0, 500.0


def add_tune_arguments(tune: argparse.ArgumentParser) -> None:
    """Add all arguments except the configuration file."""
    tune.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="a recording in any format that `timbrel replay` reads, or - for standard input "
        "(default: listen to the microphone)",
    )
    tune.add_argument(
        "--device",
        metavar="D",
        help="the microphone: an index, a part of its name, or a usb: or pulse: name, see "
        "`timbrel devices` (default: that of the first place configured, else the system's)",
    )
    tune.add_argument(
        "--a4",
        type=_a4_hz,
        default=None,
        metavar="HZ",
        help="the A4 to which notes and cents refer (default: 440)",
    )
    tune.add_argument(
        "--json", action="store_true", help="print one JSON object per line, ten a second"
    )


def _a4_hz(text: str) -> float:
    try:
        hertz = float(text)
    except ValueError:
        hertz = 0.0
    if not _LOWEST_A4_HZ <= hertz <= _HIGHEST_A4_HZ:
        raise argparse.ArgumentTypeError(
            f"invalid A4: {text!r} (use a number from {_LOWEST_A4_HZ:g} to {_HIGHEST_A4_HZ:g})"
        )
    return hertz
