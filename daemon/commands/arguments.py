"""The arguments of the `timbrel` command and of each of its subcommands."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from daemon.commands import calls
from daemon.commands.harmonise.arguments import add_harmonise_arguments
from daemon.commands.help_texts import DESCRIPTION, EPILOG, EXIT_CODES, HELP
from daemon.commands.history.arguments import add_history_arguments
from daemon.commands.program import ProgramParser, Version
from daemon.commands.shared_arguments import (
    add_channel,
    add_config,
    add_model,
    add_reference,
    add_state,
    speed,
)
from daemon.commands.tune.arguments import add_tune_arguments

_Commands: TypeAlias = "argparse._SubParsersAction[ProgramParser]"  # noqa: SLF001


def timbrel_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands.

    The parsed options have an attribute `command`: the function that runs the command. It takes
    the options and returns the exit code.
    """
    parser = ProgramParser(
        prog="timbrel",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action=Version, nargs=0, help="show the versions of program and model"
    )
    parser.set_defaults(command=lambda _: _print_help(parser))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_run(commands)
    _add_replay(commands)
    _add_practice(commands)
    _add_tune(commands)
    _add_check(commands)
    _add_devices(commands)
    _add_demo(commands)
    _add_bench(commands)
    _add_history(commands)
    _add_harmonise(commands)
    _add_dashboard(commands)
    _add_install_service(commands)
    _add_web_password(commands)
    _add_reset(commands)
    _add_forget(commands)
    return parser


def _add_command(
    commands: _Commands, name: str, call: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """Add a command with the help that `HELP` has for it; `call` runs the command."""
    text = HELP[name]
    parser = commands.add_parser(
        name,
        help=text.summary,
        description=text.description,
        epilog=f"{text.examples}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=call)
    return parser


def _add_run(commands: _Commands) -> None:
    run = _add_command(commands, "run", calls.call_run)
    add_config(run)
    run.add_argument(
        "--log-format",
        choices=["text", "json"],
        help="text: lines for people; json: one object per line, for programs (default: as "
        "configured by log.format, else text)",
    )
    run.add_argument(
        "--web",
        action="store_true",
        help="also serve the page on this machine (default: as configured by web.port; with "
        "--web, else 8324)",
    )


def _add_web_password(commands: _Commands) -> None:
    add_config(_add_command(commands, "web-password", calls.call_web_password))


def _add_replay(commands: _Commands) -> None:
    replay = _add_command(commands, "replay", calls.call_replay)
    replay.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a recording in WAV, FLAC, OGG, Opus, MP3, m4a or another format, with any name; - "
        "reads standard input: one of these, or raw 16-bit mono samples at 16 kHz",
    )
    replay.add_argument(
        "--speed",
        type=speed,
        default=None,
        metavar="N|max",
        help="replay N times as fast as real time (default: max)",
    )
    add_channel(replay)
    add_model(replay)
    replay.add_argument("--json", action="store_true", help="print one JSON object per line")
    replay.add_argument(
        "--scores",
        action="store_true",
        help="print the model's scores of every window, even of those below the level gate",
    )
    replay.add_argument(
        "--shown",
        action="store_true",
        help="with --scores: print scores as hubs show them, with 0.5 as the operating point",
    )
    replay.add_argument(
        "--notes",
        action="store_true",
        help="also print the notes that are played",
    )
    replay.add_argument(
        "--midi",
        type=Path,
        metavar="FILE",
        help="write the notes to a MIDI file; for one recording only",
    )
    add_reference(replay)
    replay.add_argument(
        "--publish",
        action="store_true",
        help="also publish the events to the broker, as a node named replay",
    )
    add_config(replay)


def _add_practice(commands: _Commands) -> None:
    practice = _add_command(commands, "practice", calls.call_practice)
    practice.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a recording in any format that `timbrel replay` reads; - reads standard input",
    )
    practice.add_argument("--json", action="store_true", help="print one JSON object a file")
    practice.add_argument(
        "--curves",
        action="store_true",
        help="with --json: add the pitch of one voice, every 10 ms",
    )
    practice.add_argument(
        "--html", type=Path, metavar="FILE", help="write one page with pictures instead of text"
    )
    add_channel(practice)
    add_reference(practice)
    add_config(practice)


def _add_tune(commands: _Commands) -> None:
    tune = _add_command(commands, "tune", calls.call_tune)
    add_tune_arguments(tune)
    add_reference(tune)
    add_config(tune)


def _add_check(commands: _Commands) -> None:
    check = _add_command(commands, "check", calls.call_check)
    check.add_argument("config", type=Path, metavar="FILE", help="the configuration file (YAML)")
    check.add_argument(
        "--try",
        dest="trying",
        action="store_true",
        help="also open every microphone and camera and connect to the broker; fail if any of "
        "them fails",
    )


def _add_devices(commands: _Commands) -> None:
    _add_command(commands, "devices", calls.call_devices)


def _add_demo(commands: _Commands) -> None:
    demo = _add_command(commands, "demo", calls.call_demo)
    demo.add_argument("--mic", action="store_true", help="listen to the microphone instead")
    demo.add_argument("--quiet", action="store_true", help="do not use the loudspeaker")
    demo.add_argument(
        "--messages",
        action="store_true",
        help="show the MQTT messages (on the screen, the key m does that too)",
    )
    demo.add_argument(
        "--scores",
        action="store_true",
        help="print the scores of every window (only if the output goes to a pipe or file)",
    )
    demo.add_argument(
        "--speed",
        type=speed,
        default=1.0,
        metavar="N|max",
        help="play N times as fast as real time (default: 1); only 1 uses the loudspeaker",
    )
    add_config(demo)


def _add_bench(commands: _Commands) -> None:
    bench = _add_command(commands, "bench", calls.call_bench)
    bench.add_argument("--json", action="store_true", help="print one JSON object, not a table")
    bench.add_argument(
        "--peer",
        type=Path,
        metavar="FILE",
        help="also measure another network that takes a waveform, such as YAMNet (a .tflite file)",
    )
    add_config(bench)


def _add_history(commands: _Commands) -> None:
    history = _add_command(commands, "history", calls.call_history)
    add_history_arguments(history)
    add_state(history)
    add_config(history)


def _add_harmonise(commands: _Commands) -> None:
    add_harmonise_arguments(_add_command(commands, "harmonise", calls.call_harmonise))


def _add_dashboard(commands: _Commands) -> None:
    add_config(_add_command(commands, "dashboard", calls.call_dashboard))


def _add_install_service(commands: _Commands) -> None:
    install = _add_command(commands, "install-service", calls.call_install_service)
    install.add_argument(
        "--user",
        action="store_true",
        help="install a service of the current user, for a desktop with PipeWire",
    )
    install.add_argument(
        "--uninstall",
        action="store_true",
        help="stop and remove the service; keep its configuration and state",
    )
    install.add_argument(
        "--dry-run", action="store_true", help="only print the files to write and commands to run"
    )
    install.add_argument(
        "--root",
        type=Path,
        default=Path("/"),
        metavar="DIR",
        help="install into another system, whose root directory is mounted at DIR; the service "
        "starts when that system boots",
    )
    install.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the configuration file of the service (default: /etc/timbrel/timbrel.yaml; with "
        "--user: ~/.config/timbrel/timbrel.yaml)",
    )


def _add_reset(commands: _Commands) -> None:
    reset = _add_command(commands, "reset", calls.call_reset)
    reset.add_argument(
        "--to-schema",
        type=int,
        metavar="N",
        help="instead, go back to the copies of outbox and history with this schema version, so "
        "that an older Timbrel can read them",
    )
    add_state(reset)
    add_config(reset)


def _add_forget(commands: _Commands) -> None:
    forget = _add_command(commands, "forget", calls.call_forget)
    forget.add_argument(
        "node", metavar="NODE", help="the node's name: the second part of its topics"
    )
    add_config(forget)


def _print_help(parser: argparse.ArgumentParser) -> int:
    """Print the help to standard error, because no command was given. Return exit code 2."""
    parser.print_help(sys.stderr)
    return 2
