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

# One thread for linear algebra: ours are too small to share, and idle threads cost memory.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import io
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO, TypeAlias

from daemon import log_lines
from daemon.errors import FailedError, InputError

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001

_EPILOG = """\
exit codes: 0 well, 1 failed while running, 2 something you gave is wrong

try it without a microphone or a broker:
  timbrel demo
see what it hears in a recording:
  timbrel replay practice.flac
  timbrel replay --json --scores *.wav | jq .scores.guitar
  arecord -f S16_LE -r 16000 -c 1 | timbrel replay -
listen and tell the hub:
  timbrel check timbrel.yaml
  timbrel run --config timbrel.yaml
have systemd do that, always:
  sudo timbrel install-service
"""


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
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Bars and arrows are worth a ? on a terminal that does not know them, not a crash.
        sys.stdout.reconfigure(errors="replace")
    logging.basicConfig(level=logging.INFO, handlers=[log_lines.LogHandler(_log_stream())])
    log_lines.write_as(getattr(options, "log_format", None) or "text")
    try:
        return int(options.command(options))
    except InputError as error:
        _complain(str(error))
        return 2
    except FailedError as error:
        _complain(str(error))
        return 1
    except BrokenPipeError:
        _give_up_output()
        return 0
    except OSError as error:
        _give_up_output()
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
        _give_up_output()
    except OSError as error:
        _give_up_output()
        _complain(str(error.strerror or error))
        return 1
    return 0


def _complain(problem: str) -> None:
    """Say in one line, of the kind that is wanted, why the program ends."""
    if not logging.getLogger().handlers:
        logging.basicConfig(handlers=[log_lines.LogHandler(_log_stream())])
    logging.getLogger("daemon").error("%s", problem)


def _log_stream() -> TextIO:
    """Standard error, by a number of its own.

    While PortAudio starts, number 2 leads to nowhere (sounddevice hides what it says), and with it
    would go what other threads log in that moment.
    """
    try:
        return os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1, errors="backslashreplace")
    except (OSError, ValueError):
        return sys.stderr


def _give_up_output() -> None:
    """Nobody reads our output any more; Python's own last flush would complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timbrel",
        description="Hears which musical instrument is being played and tells the hub over MQTT.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    _add_run(commands)
    _add_replay(commands)
    _add_check(commands)
    _add_devices(commands)
    _add_demo(commands)
    _add_bench(commands)
    _add_install_service(commands)
    _add_reset(commands)
    _add_forget(commands)
    return parser


def _add_run(commands: _Commands) -> None:
    run = commands.add_parser("run", help="listen to the microphone and publish, for ever")
    _add_config(run)
    run.add_argument(
        "--log-format",
        choices=["text", "json"],
        help="text for people, json for programs: one object a line (default: as log.format says)",
    )
    run.set_defaults(command=_run)


def _add_replay(commands: _Commands) -> None:
    replay = commands.add_parser("replay", help="show what would be heard in recordings")
    replay.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="WAV, FLAC, OGG, Opus, MP3, m4a …; - is raw 16-bit mono 16 kHz on standard input",
    )
    replay.add_argument(
        "--speed", type=_speed, default=None, metavar="N|max", help="times real time (default max)"
    )
    replay.add_argument("--json", action="store_true", help="one JSON object a line")
    replay.add_argument(
        "--scores", action="store_true", help="every window's scores, the level gate off"
    )
    replay.add_argument(
        "--publish", action="store_true", help="also publish, as node `replay`, at the broker"
    )
    _add_config(replay)
    replay.set_defaults(command=_replay)


def _add_check(commands: _Commands) -> None:
    check = commands.add_parser("check", help="check a configuration and show what it comes to")
    check.add_argument("config", type=Path, metavar="FILE", help="the YAML configuration")
    check.set_defaults(command=_check)


def _add_devices(commands: _Commands) -> None:
    devices = commands.add_parser("devices", help="list the microphones")
    devices.set_defaults(command=_devices)


def _add_demo(commands: _Commands) -> None:
    demo = commands.add_parser(
        "demo", help="play and hear a bundled medley, with a broker of its own"
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
        "--speed", type=_speed, default=1.0, metavar="N|max", help="times real time (default 1)"
    )
    _add_config(demo)
    demo.set_defaults(command=_demo)


def _add_bench(commands: _Commands) -> None:
    bench = commands.add_parser("bench", help="measure what listening costs on this machine")
    bench.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    bench.add_argument(
        "--peer", type=Path, metavar="FILE", help="YAMNet's .tflite, measured beside us"
    )
    _add_config(bench)
    bench.set_defaults(command=_bench)


def _add_install_service(commands: _Commands) -> None:
    install = commands.add_parser(
        "install-service", help="have systemd start it with the machine and keep it running"
    )
    install.add_argument(
        "--user", action="store_true", help="a service of this user, for desktops (PipeWire)"
    )
    install.add_argument(
        "--uninstall", action="store_true", help="stop and remove it; configuration and state stay"
    )
    install.add_argument(
        "--dry-run", action="store_true", help="print what would be written and run, and no more"
    )
    install.add_argument(
        "--root",
        type=Path,
        default=Path("/"),
        metavar="DIR",
        help="install into another system's tree, to start with that system",
    )
    install.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="its configuration (default /etc/timbrel/timbrel.yaml, with --user in ~/.config)",
    )
    install.set_defaults(command=_install_service)


def _add_reset(commands: _Commands) -> None:
    reset = commands.add_parser(
        "reset", help="forget what was set from the hub: mute, sensitivity, quiet gate, stop after"
    )
    reset.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="the state directory, for a service /var/lib/timbrel (default: as configured)",
    )
    _add_config(reset)
    reset.set_defaults(command=_reset)


def _add_forget(commands: _Commands) -> None:
    forget = commands.add_parser(
        "forget", help="remove what a node that is gone or renamed left at the broker"
    )
    forget.add_argument("node", metavar="NODE", help="its name, as in its topics")
    _add_config(forget)
    forget.set_defaults(command=_forget)


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="YAML configuration (default: all defaults)"
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


def _run(options: argparse.Namespace) -> int:
    import resource

    from daemon.commands.run import run
    from daemon.settings import load

    # The broker's password is in memory, and must not be in a core dump.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settings = load(options.config)
    logging.getLogger().setLevel(settings.log.level.upper())
    log_lines.write_as(options.log_format or settings.log.format)
    return run(settings, options.config)


def _replay(options: argparse.Namespace) -> int:
    from daemon.commands.replay import replay
    from daemon.settings import load

    return replay(
        load(options.config),
        options.files,
        speed=options.speed,
        as_json=options.json,
        scores=options.scores,
        publish=options.publish,
    )


def _check(options: argparse.Namespace) -> int:
    from daemon.commands.check import check
    from daemon.settings import load

    return check(load(options.config))


def _devices(_options: argparse.Namespace) -> int:
    from daemon.microphone import devices
    from daemon.printable import printable

    for line in devices() or ["no microphone is connected"]:
        print(printable(line))
    return 0


def _demo(options: argparse.Namespace) -> int:
    from daemon.commands.embedded_broker import check_extra

    own_broker = options.config is None
    if own_broker:
        check_extra(", or name your own broker with --config")

    from daemon.commands.demo import Choices, demo
    from daemon.settings import load

    choices = Choices(
        own_broker=own_broker,
        microphone=options.mic,
        speed=options.speed,
        quiet=options.quiet,
        messages=options.messages,
        scores=options.scores,
    )
    return demo(load(options.config), choices)


def _bench(options: argparse.Namespace) -> int:
    from daemon.commands.bench import bench
    from daemon.settings import load

    return bench(load(options.config), peer=options.peer, as_json=options.json)


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
    from daemon.settings import load

    return reset(load(options.config), options.state)


def _forget(options: argparse.Namespace) -> int:
    from daemon.commands.forget import forget
    from daemon.settings import load

    return forget(load(options.config), options.node)


if __name__ == "__main__":
    sys.exit(main())
