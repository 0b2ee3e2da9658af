"""Run a command with its parsed options. Each command is imported only when it runs."""

import argparse
import logging
from typing import TYPE_CHECKING

from daemon.errors import InputError
from daemon.system import log_lines

if TYPE_CHECKING:
    from daemon.configuration.settings import Settings


def call_run(options: argparse.Namespace) -> int:
    """Listen and publish until a signal stops the daemon."""
    from daemon.commands.run import run
    from daemon.configuration.settings_file import load

    settings = load(options.config)
    if options.web:
        settings = _with_page(settings)
    logging.getLogger().setLevel(settings.log.level.upper())
    log_lines.set_format(options.log_format or settings.log.format, timed=True)
    return run(settings, options.config)


def call_web_password(options: argparse.Namespace) -> int:
    """Set the password of the page."""
    from daemon.commands.web_password import web_password
    from daemon.configuration.settings_file import load

    return web_password(load(options.config))


def _with_page(settings: "Settings") -> "Settings":
    """Return the settings with the page on, on its usual port unless another one is configured."""
    from msgspec.structs import replace

    from daemon.web.page.page import USUAL_PORT

    port = settings.web.port or USUAL_PORT
    return replace(settings, web=replace(settings.web, port=port))


def call_replay(options: argparse.Namespace) -> int:
    """Print the events or scores of recordings."""
    from daemon.commands.notes.choices import NoteChoices
    from daemon.commands.replay import replay
    from daemon.configuration.settings_file import load

    if options.shown and not options.scores:
        raise InputError("--shown requires --scores; add --scores")
    settings = load(options.config)
    if options.model is not None:
        settings = _with_model(settings, options.model)
    return replay(
        settings,
        options.files,
        speed=options.speed,
        as_json=options.json,
        scores=options.scores,
        shown=options.shown,
        publish=options.publish,
        channel=options.channel,
        config=options.config,
        note_choices=NoteChoices(printed=options.notes, midi=options.midi, a4_hz=options.a4),
    )


def _with_model(settings: "Settings", file: str) -> "Settings":
    """Return the settings with another model file."""
    from msgspec.structs import replace

    return replace(settings, model=replace(settings.model, file=file))


def call_practice(options: argparse.Namespace) -> int:
    """Show how recordings are played."""
    from daemon.commands.practice.practice import Choices, practice
    from daemon.configuration.settings_file import load

    choices = Choices(
        as_json=options.json,
        curves=options.curves,
        html=options.html,
        a4_hz=options.a4,
        channel=options.channel,
    )
    return practice(load(options.config), options.files, choices)


def call_tune(options: argparse.Namespace) -> int:
    """Show which note sounds and how well it is in tune."""
    from daemon.commands.tune.tune import tune
    from daemon.configuration.settings_file import load

    if options.file is not None and options.device is not None:
        raise InputError("give either a recording or --device, not both")
    name = options.device
    settings = load(options.config)
    return tune(
        settings,
        options.file,
        device=int(name) if name is not None and name.isdecimal() else name,
        a4_hz=options.a4 or settings.practice.reference_hz,
        as_json=options.json,
    )


def call_check(options: argparse.Namespace) -> int:
    """Validate a configuration file."""
    from daemon.commands.check.check import check

    return check(options.config, trying=options.trying)


def call_devices(_options: argparse.Namespace) -> int:
    """Print a line for each microphone."""
    from daemon.sound.microphone import devices
    from daemon.system.printable import printable

    for line in devices() or ["no microphone is connected"]:
        print(printable(line))
    return 0


def call_demo(options: argparse.Namespace) -> int:
    """Play the medley, or listen to the microphone.

    Raises InputError if the embedded broker is needed and not installed.
    """
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


def call_harmonise(options: argparse.Namespace) -> int:
    """Write a melody with voices or chords."""
    from daemon.commands.harmonise.harmonise import harmonise

    return harmonise(
        options.melody,
        output=options.output,
        audio=options.audio,
        style=options.style,
        key=options.key,
        track=options.track,
        force=options.force,
    )


def call_bench(options: argparse.Namespace) -> int:
    """Print what listening costs on this machine."""
    from daemon.commands.bench import bench
    from daemon.configuration.settings_file import load

    return bench(load(options.config), peer=options.peer, as_json=options.json)


def call_dashboard(options: argparse.Namespace) -> int:
    """Print a dashboard for Home Assistant."""
    from daemon.commands.dashboard import dashboard
    from daemon.configuration.settings_file import load

    return dashboard(load(options.config))


def call_history(options: argparse.Namespace) -> int:
    """Print the history of playing."""
    from daemon.commands.history.history import Choices, history
    from daemon.configuration.settings_file import load

    choices = Choices(
        form=options.form,
        of=options.of,
        since=options.since,
        until=options.until,
        place=options.place,
    )
    return history(load(options.config), options.state, choices)


def call_install_service(options: argparse.Namespace) -> int:
    """Install, update or remove the systemd service."""
    from daemon.commands.service.install_service import install_service

    return install_service(
        options.config,
        options.root,
        of_user=options.user,
        uninstall=options.uninstall,
        dry_run=options.dry_run,
    )


def call_reset(options: argparse.Namespace) -> int:
    """Discard the settings that were changed from the hub, or go back to an older schema."""
    from daemon.commands.reset import reset, reset_to_schema
    from daemon.configuration.settings_file import load

    settings = load(options.config)
    if options.to_schema is not None:
        return reset_to_schema(settings, options.state, options.to_schema)
    return reset(settings, options.state)


def call_forget(options: argparse.Namespace) -> int:
    """Remove a node from the broker and the hub."""
    from daemon.commands.forget import forget
    from daemon.configuration.settings_file import load

    return forget(load(options.config), options.node, options.config)
