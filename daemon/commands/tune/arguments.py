"""The arguments of `timbrel tune`."""

import argparse


def add_tune_arguments(tune: argparse.ArgumentParser) -> None:
    """Add all arguments except the reference and the configuration file."""
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
        "--json", action="store_true", help="print one JSON object per line, ten a second"
    )
