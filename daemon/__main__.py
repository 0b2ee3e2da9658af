"""The `timbrel` command: arguments to settings, a command's result to an exit code."""
# ruff: noqa: E402 (what is set first holds while the rest is imported)

import os
import signal
import sys

# As a program, and until `main` runs: Ctrl-C ends it at once, without a traceback.
_IS_PROGRAM = (__name__ == "__main__" or sys.argv[0].endswith("timbrel")) and (
    signal.getsignal(signal.SIGINT) is signal.default_int_handler
)
if _IS_PROGRAM:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.argv[1:2] == ["run"]:
        # A reload that is requested while the daemon starts is done once it has started.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])

# One thread for linear algebra: ours are too small to share, and idle threads cost memory.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import io
import logging
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from daemon.errors import FailedError, InputError
from daemon.system import log_lines
from daemon.system.standard_output import give_up_output, on_own_number, open_standard_numbers

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001

_MOST_CHANNELS = 64
_EXIT_CODES = "exit codes: 0 success, 1 runtime failure, 2 invalid input"
_EPILOG = f"""\
{_EXIT_CODES}

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


class _Parser(argparse.ArgumentParser):
    """Shows in its examples this program as it can be called from here."""

    def format_help(self) -> str:
        from daemon.system.installation import command

        text = super().format_help()
        text = text.replace("SUDO_TIMBREL", command(as_root=True))
        return text.replace("TIMBREL ", f"{command()} ")


class _Version(argparse.Action):
    """Prints the versions of the program, of Python and of the built-in model, and exits."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from daemon import __version__
        from daemon.hearing.classifier import BUILT_IN_MODEL
        from daemon.hearing.model_file import read_contract

        model = read_contract(BUILT_IN_MODEL).title
        python = ".".join(map(str, sys.version_info[:3]))
        print(f"timbrel {__version__} (Python {python}, model {model})")
        parser.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        if _IS_PROGRAM:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = _run_command(arguments)
    except SystemExit as done:  # argparse has printed its help, or what is wrong
        code = int(done.code or 0)
    except KeyboardInterrupt:
        code = 0
    finally:
        if _IS_PROGRAM:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _flush_output() or code


def _run_command(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    # Passwords of the broker and of cameras are in memory, and must not be in a core dump.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    open_standard_numbers()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Bars and arrows are worth a ? on a terminal that does not know them, not a crash.
        sys.stdout.reconfigure(errors="replace")
        if _IS_PROGRAM:
            sys.stdout = on_own_number(sys.stdout)
    log_stream = on_own_number(sys.stderr)
    logging.basicConfig(level=logging.INFO, handlers=[log_lines.LogHandler(log_stream)])
    log_lines.write_as(getattr(options, "log_format", None) or "text")
    try:
        return int(options.command(options))
    except InputError as error:
        _complain(*error.lines)
        return 2
    except FailedError as error:
        _complain(str(error))
        return 1
    except BrokenPipeError:
        give_up_output()
        return 0
    except OSError as error:
        give_up_output()
        where = f"{error.filename}: " if error.filename else ""
        _complain(f"{where}{error.strerror or error}")
        return 1


def _flush_output() -> int:
    """Write what is still buffered; 0, or 1 where it cannot be written.

    Python's own flush at the end would print a traceback and exit with 120.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        give_up_output()
    except OSError as error:
        give_up_output()
        _complain(str(error.strerror or error))
        return 1
    return 0


def _complain(*problems: str) -> None:
    """Log why the program ends, each reason as a line of its own."""
    if not logging.getLogger().handlers:
        logging.basicConfig(handlers=[log_lines.LogHandler(on_own_number(sys.stderr))])
    for problem in problems:
        logging.getLogger("daemon").error("%s", problem)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="timbrel",
        description="Detects which musical instrument is being played and publishes it over MQTT.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="show the versions of program and model"
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
        name, help=short, description=f"{short[0].upper()}{short[1:]}. {more}", epilog=_EXIT_CODES
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
    run.set_defaults(command=_run)


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
    replay.set_defaults(command=_replay)


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
    check.set_defaults(command=_check)


def _add_devices(commands: _Commands) -> None:
    devices = _add_command(
        commands,
        "devices",
        "list the microphones",
        "Each line shows the index, the name and, for USB devices, the stable usb: name. "
        "audio.device accepts any of them.",
    )
    devices.set_defaults(command=_devices)


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
    demo.set_defaults(command=_demo)


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
    bench.set_defaults(command=_bench)


def _add_dashboard(commands: _Commands) -> None:
    dashboard = commands.add_parser(
        "dashboard", help="print a Home Assistant dashboard for the configured places"
    )
    _add_config(dashboard)
    dashboard.set_defaults(command=_dashboard)


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
    install.set_defaults(command=_install_service)


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
    reset.set_defaults(command=_reset)


def _add_forget(commands: _Commands) -> None:
    forget = _add_command(
        commands,
        "forget",
        "remove the retained topics and the hub's device of a node that is gone or renamed",
        "Fails if the node is online.",
    )
    forget.add_argument("node", metavar="NODE", help="the name of the node, as in its topics")
    _add_config(forget)
    forget.set_defaults(command=_forget)


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


def _run(options: argparse.Namespace) -> int:
    from daemon.commands.run import run
    from daemon.configuration.settings_file import load

    settings = load(options.config)
    logging.getLogger().setLevel(settings.log.level.upper())
    log_lines.write_as(options.log_format or settings.log.format, timed=True)
    return run(settings, options.config)


def _replay(options: argparse.Namespace) -> int:
    from daemon.commands.replay import replay
    from daemon.configuration.settings_file import load

    return replay(
        load(options.config),
        options.files,
        speed=options.speed,
        as_json=options.json,
        scores=options.scores,
        publish=options.publish,
        channel=options.channel,
        config=options.config,
    )


def _check(options: argparse.Namespace) -> int:
    from daemon.commands.check.check import check

    return check(options.config, trying=options.trying)


def _devices(_options: argparse.Namespace) -> int:
    from daemon.sound.microphone import devices
    from daemon.system.printable import printable

    for line in devices() or ["no microphone is connected"]:
        print(printable(line))
    return 0


def _demo(options: argparse.Namespace) -> int:
    from daemon.mqtt.embedded_broker import check_extra

    own_broker = options.config is None
    if own_broker:
        check_extra(", or name your own broker with --config")

    from daemon.commands.demo.demo import Choices, demo
    from daemon.configuration.settings_file import load

    choices = Choices(
        own_broker=own_broker,
        microphone=options.mic,
        speed=options.speed,
        quiet=options.quiet,
        messages=options.messages,
        scores=options.scores,
        config=options.config,
    )
    return demo(load(options.config), choices)


def _bench(options: argparse.Namespace) -> int:
    from daemon.commands.bench import bench
    from daemon.configuration.settings_file import load

    return bench(load(options.config), peer=options.peer, as_json=options.json)


def _dashboard(options: argparse.Namespace) -> int:
    from daemon.commands.dashboard import dashboard
    from daemon.configuration.settings_file import load

    return dashboard(load(options.config))


def _install_service(options: argparse.Namespace) -> int:
    from daemon.commands.install_service import install_service

    return install_service(
        options.config,
        options.root,
        of_user=options.user,
        uninstall=options.uninstall,
        dry_run=options.dry_run,
    )


def _reset(options: argparse.Namespace) -> int:
    from daemon.commands.reset import reset
    from daemon.configuration.settings_file import load

    return reset(load(options.config), options.state)


def _forget(options: argparse.Namespace) -> int:
    from daemon.commands.forget import forget
    from daemon.configuration.settings_file import load

    return forget(load(options.config), options.node, options.config)


if __name__ == "__main__":
    sys.exit(main())
