"""The arguments of `timbrel history`."""

import argparse


def add_history_arguments(history: argparse.ArgumentParser) -> None:
    """Add all arguments except the state directory and the configuration file."""
    history.set_defaults(form="text", of="sessions")
    form = history.add_mutually_exclusive_group()
    for name, text in (
        ("csv", "print a table for spreadsheets, with a header"),
        ("json", "print one JSON object per line"),
        ("ics", "print a calendar with an entry for each session"),
    ):
        form.add_argument(f"--{name}", dest="form", action="store_const", const=name, help=text)
    kind = history.add_mutually_exclusive_group()
    for name, text in (
        ("events", "print the events of families instead of sessions"),
        ("days", "print the minutes of each day instead of sessions"),
    ):
        kind.add_argument(f"--{name}", dest="of", action="store_const", const=name, help=text)
    day = "a date (2026-06-01), a time (2026-06-01T18:30), today or yesterday"
    history.add_argument("--since", metavar="DAY", help=f"leave out what began earlier: {day}")
    history.add_argument(
        "--until", metavar="DAY", help="leave out what began after this day or time"
    )
    history.add_argument("--place", metavar="NAME", help="only this place (default: all)")
