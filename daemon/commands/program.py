"""The program as its help shows it: examples that can be pasted, exit codes, versions."""

import argparse
import sys

EXIT_CODES = "exit codes: 0 success, 1 runtime failure, 2 invalid input"
EPILOG = f"""\
{EXIT_CODES}

try it without a microphone and without a broker:
  TIMBREL demo
see what is heard in a recording:
  TIMBREL replay practice.flac
  TIMBREL replay --json --scores *.wav | jq .scores.guitar
  arecord -f S16_LE -r 16000 -c 1 | TIMBREL replay -
listen to a microphone and publish to your broker:
  TIMBREL devices
  TIMBREL check timbrel.yaml --try
  TIMBREL run --config timbrel.yaml
run that as a systemd service that starts with the machine:
  SUDO_TIMBREL install-service
"""


class ProgramParser(argparse.ArgumentParser):
    """Shows in its examples this program as it can be called from here."""

    def format_help(self) -> str:
        """The help, with the examples as they can be pasted."""
        from daemon.system.installation import command

        text = super().format_help()
        text = text.replace("SUDO_TIMBREL", command(as_root=True))
        return text.replace("TIMBREL ", f"{command()} ")


class Version(argparse.Action):
    """Prints the versions of the program, of Python and of the built-in model, and exits."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and exit."""
        from daemon import __version__
        from daemon.hearing.classifier import BUILT_IN_MODEL
        from daemon.hearing.model_file import read_contract

        model = read_contract(BUILT_IN_MODEL).title
        python = ".".join(map(str, sys.version_info[:3]))
        print(f"timbrel {__version__} (Python {python}, model {model})")
        parser.exit()
