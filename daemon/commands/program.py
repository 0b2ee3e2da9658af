"""The argument parser of the program: its examples can be pasted into a shell as shown."""

import argparse
import sys


class ProgramParser(argparse.ArgumentParser):
    """Replaces TIMBREL and SUDO_TIMBREL in help texts with commands that work on this machine."""

    def format_help(self) -> str:
        """Return the help with the full path of the program where PATH does not contain it."""
        from daemon.system.installation import command

        text = super().format_help()
        text = text.replace("SUDO_TIMBREL", command(as_root=True))
        return text.replace("TIMBREL ", f"{command()} ")


class Version(argparse.Action):
    """Prints the versions of the program, of Python and of the built-in model, and exits."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print one line and exit with 0."""
        from daemon import __version__
        from daemon.hearing.classifier import BUILT_IN_MODEL
        from daemon.hearing.model_file import read_contract

        model = read_contract(BUILT_IN_MODEL).title
        python = ".".join(map(str, sys.version_info[:3]))
        print(f"timbrel {__version__} (Python {python}, model {model})")
        parser.exit()
