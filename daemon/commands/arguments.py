"""The arguments of the `timbrel` command and of each of its subcommands, and their help."""

import argparse
import sys
from pathlib import Path
from typing import TypeAlias

from daemon.commands import calls
from daemon.commands.program import EPILOG, EXIT_CODES, ProgramParser, Version

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001

_MOST_CHANNELS = 64


def timbrel_parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets `command` to what takes its options."""
    parser = ProgramParser(
        prog="timbrel",
        description="Detects which musical instrument is being played and publishes it over MQTT.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action=Version, nargs=0, help="show the versions of program and model"
    )
    parser.set_defaults(command=lambda _: _help(parser))
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", parser_class=argparse.ArgumentParser
    )

    _add_run(commands)
    _add_replay(commands)
    _add_check(commands)
    _add_devices(commands)
    _add_demo(commands)
    _add_bench(commands)
    _add_dashboard(commands)
    _add_install_service(commands)
    _add_reset(commands)
    _add_forget(commands)
    return parser


def _add_command(commands: _Commands, name: str, short: str, more: str) -> argparse.ArgumentParser:
    """A command with a short description for the list of commands, and a longer one for its own."""
    return commands.add_parser(
        name, help=short, description=f"{short[0].upper()}{short[1:]}. {more}", epilog=EXIT_CODES
    )


def _add_run(commands: _Commands) -> None:
    run = _add_command(
        commands,
        "run",
        "listen to the microphone and publish to the broker until stopped",
        "The first lines of its log show what it uses. SIGHUP reads the configuration again; "
        "SIGTERM and Ctrl-C stop it.",
    )
    _add_config(run)
    run.add_argument(
        "--log-format",
        choices=["text", "json"],
        help="text for people, json for programs: one object a line (default: log.format)",
    )
    run.set_defaults(command=calls.call_run)


def _add_replay(commands: _Commands) -> None:
    replay = _add_command(
        commands,
        "replay",
        "show what is heard in recordings",
        "A file that cannot be read is reported, the others are replayed, and the exit code is 2.",
    )
    replay.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="WAV, FLAC, OGG, Opus, MP3, m4a …, whatever its name; - is standard input: any of "
        "these, or raw 16-bit mono 16 kHz",
    )
    replay.add_argument(
        "--speed",
        type=_speed,
        default=None,
        metavar="N|max",
        help="how many times faster than real time (default max)",
    )
    replay.add_argument(
        "--channel",
        type=_channel,
        default=None,
        metavar="N",
        help="hear one channel alone, counted from 1 (default: as configured, else all mixed)",
    )
    replay.add_argument("--json", action="store_true", help="print one JSON object a line")
    replay.add_argument(
        "--scores",
        action="store_true",
        help="print the scores of every window, including those below the level gate",
    )
    replay.add_argument(
        "--publish",
        action="store_true",
        help="also publish the events to the broker, as the node named replay",
    )
    _add_config(replay)
    replay.set_defaults(command=calls.call_replay)


def _add_check(commands: _Commands) -> None:
    check = _add_command(
        commands,
        "check",
        "validate a configuration and show the effective settings",
        "Every error is reported with its line, key and remedy; the last line is the verdict. "
        "Warnings do not fail.",
    )
    check.add_argument("config", type=Path, metavar="FILE", help="the YAML configuration")
    check.add_argument(
        "--try",
        dest="trying",
        action="store_true",
        help="also open every microphone and camera and connect to the broker; fail if any of "
        "them fails",
    )
    check.set_defaults(command=calls.call_check)


def _add_devices(commands: _Commands) -> None:
    devices = _add_command(
        commands,
        "devices",
        "list the microphones",
        "Each line shows the index, the name and, for USB devices, the stable usb: name. "
        "audio.device accepts any of them.",
    )
    devices.set_defaults(command=calls.call_devices)


def _add_demo(commands: _Commands) -> None:
    demo = _add_command(
        commands,
        "demo",
        "play a bundled medley through the listener, with an embedded broker",
        "It needs no microphone, no broker and no configuration. With --config the messages go "
        "to your broker.",
    )
    demo.add_argument("--mic", action="store_true", help="listen to the microphone instead")
    demo.add_argument("--quiet", action="store_true", help="do not play on the loudspeaker")
    demo.add_argument(
        "--messages", action="store_true", help="show the MQTT messages (on the screen: key m)"
    )
    demo.add_argument(
        "--scores", action="store_true", help="in a pipe: a line for every window's scores"
    )
    demo.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="N|max",
        help="how many times faster than real time (default 1)",
    )
    _add_config(demo)
    demo.set_defaults(command=calls.call_demo)


def _add_bench(commands: _Commands) -> None:
    bench = _add_command(
        commands,
        "bench",
        "measure what listening costs on this machine",
        "It takes about a minute and measures memory, CPU time and start-up.",
    )
    bench.add_argument("--json", action="store_true", help="print one JSON object, not a table")
    bench.add_argument(
        "--peer", type=Path, metavar="FILE", help="also measure YAMNet from its .tflite file"
    )
    _add_config(bench)
    bench.set_defaults(command=calls.call_bench)


def _add_dashboard(commands: _Commands) -> None:
    dashboard = commands.add_parser(
        "dashboard", help="print a Home Assistant dashboard for the configured places"
    )
    _add_config(dashboard)
    dashboard.set_defaults(command=calls.call_dashboard)


def _add_install_service(commands: _Commands) -> None:
    install = _add_command(
        commands,
        "install-service",
        "install a systemd service that starts with the machine",
        "Run it again to update the service. An existing configuration is kept.",
    )
    install.add_argument(
        "--user", action="store_true", help="a service of this user, for desktops (PipeWire)"
    )
    install.add_argument(
        "--uninstall",
        action="store_true",
        help="stop and remove the service; configuration and state stay",
    )
    install.add_argument(
        "--dry-run", action="store_true", help="only print what would be written and run"
    )
    install.add_argument(
        "--root",
        type=Path,
        default=Path("/"),
        metavar="DIR",
        help="install into the file tree of another system, to start with that system",
    )
    install.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the service's configuration (default /etc/timbrel/timbrel.yaml; with --user "
        "~/.config/timbrel/timbrel.yaml)",
    )
    install.set_defaults(command=calls.call_install_service)


def _add_reset(commands: _Commands) -> None:
    reset = _add_command(
        commands,
        "reset",
        "discard what was set from the hub: mute, sensitivity, quiet gate, stop after",
        "Until then those values override the configuration. Stop the daemon first.",
    )
    reset.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="the state directory (default: as configured; the system service uses "
        "/var/lib/timbrel)",
    )
    _add_config(reset)
    reset.set_defaults(command=calls.call_reset)


def _add_forget(commands: _Commands) -> None:
    forget = _add_command(
        commands,
        "forget",
        "remove the retained topics and the hub's device of a node that is gone or renamed",
        "Fails if the node is online.",
    )
    forget.add_argument("node", metavar="NODE", help="the name of the node, as in its topics")
    _add_config(forget)
    forget.set_defaults(command=calls.call_forget)


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the YAML configuration (default: built-in defaults)",
    )


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.0 < speed < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a positive number nor max")
    return speed


def _channel(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= _MOST_CHANNELS:
        raise argparse.ArgumentTypeError(f"{text!r} is no channel from 1 to {_MOST_CHANNELS}")
    return int(text)


def _help(parser: argparse.ArgumentParser) -> int:
    """A command is missing: show which there are."""
    parser.print_help(sys.stderr)
    return 2
