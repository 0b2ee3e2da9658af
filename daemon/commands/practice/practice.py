"""Analyse recordings and print or write what was played."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from daemon.commands.practice.objects import practice_object
from daemon.commands.practice.page import page_lines
from daemon.configuration.settings import Settings
from daemon.errors import InputError
from daemon.practice.analysis.recording import Recording, analyse
from daemon.practice.genre.built_in import configured_genre_network
from daemon.practice.genre.genre_network import GenreNetwork
from daemon.practice.notes.built_in import NO_NOTE_MODEL, configured_network
from daemon.practice.notes.note_network import NoteNetwork
from daemon.sound.sound_file import read_pieces
from daemon.system.printable import printable

log = logging.getLogger(__name__)


class Choices(NamedTuple):
    """What to analyse, and how to show it."""

    as_json: bool = False
    """Print one JSON object a file instead of a page of text."""
    curves: bool = False
    """Add the pitch curve to the objects."""
    html: Path | None = None
    """Write one HTML page to this file."""
    a4_hz: float | None = None
    """The reference A4; None: as configured."""
    channel: int | None = None
    """The only channel to use, counted from 1; None: as configured, else a mix of all."""


def practice(settings: Settings, files: Sequence[str], choices: Choices) -> int:
    """Analyse each file. Return 0, or 2 if one of them could not be read.

    Raises InputError if the choices do not fit together or a model cannot be used.
    """
    if choices.curves and not choices.as_json:
        raise InputError("--curves is for the objects of --json; add --json")
    network = configured_network(settings.model.notes_file)
    if network is None:
        log.warning(NO_NOTE_MODEL)
    genre_network = configured_genre_network(settings.model.genre_file)
    reference_hz = choices.a4_hz or settings.practice.reference_hz
    channel = choices.channel or (None if settings.sources else settings.audio.channel)
    done: list[tuple[str, Recording]] = []
    for file in files:
        recording = _analysed(file, channel, network, reference_hz, genre_network)
        if recording is None:
            continue
        _show(file, recording, choices, is_first=not done)
        # Of a text page nothing is needed later, and a pitch curve is large.
        done.append((file, recording))
    if choices.html is not None and done:
        from daemon.commands.practice.html import write_html

        write_html(choices.html, done)
    return 0 if len(done) == len(files) else 2


def _analysed(
    file: str,
    channel: int | None,
    network: NoteNetwork | None,
    reference_hz: float,
    genre_network: GenreNetwork,
) -> Recording | None:
    """Return the analysis of a file; None, after a message, if it cannot be read."""
    try:
        return analyse(read_pieces(file, channel), network, reference_hz, genre_network)
    except InputError as error:
        for line in error.lines:
            log.error("%s", line)  # noqa: TRY400
        return None


def _show(file: str, recording: Recording, choices: Choices, *, is_first: bool) -> None:
    if choices.as_json:
        found = practice_object(file, recording, curves=choices.curves)
        # A file name may contain bytes that are not text, or terminal control characters.
        ensure_ascii = not file.isprintable()
        print(json.dumps(found, ensure_ascii=ensure_ascii, separators=(",", ":")), flush=True)
    elif choices.html is None:
        if not is_first:
            print()
        for line in page_lines(printable(file), recording):
            print(line, flush=True)
