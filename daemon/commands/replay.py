"""`timbrel replay`: print the events or scores of recordings, and publish them if requested."""

import json
import logging
import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from daemon.commands.broker_wait import wait_for_broker
from daemon.commands.notes.choices import NoteChoices
from daemon.commands.terminal import LinePrinter
from daemon.configuration.service_password import find_password
from daemon.configuration.settings import Settings
from daemon.errors import FailedError, InputError
from daemon.hearing.pipeline import Observation, Observer, listen
from daemon.hearing.replay import Replay
from daemon.hearing.rules import shortest_seconds
from daemon.hearing.scorer import Scorer
from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import Event, EventEnded, EventStarted
from daemon.runtime.wiring import Recognizer, node_of
from daemon.system.printable import printable
from daemon.system.redaction import without_logins
from daemon.system.stop import Stop, stop_on_signals

if TYPE_CHECKING:
    from daemon.commands.notes.note_output import FileNotes, NoteOutput
    from daemon.hub.reporter import Reporter

log = logging.getLogger(__name__)

_NODE = "replay"
_CONNECT_SECONDS = 5.0
_FLUSH_SECONDS = 30.0


class _Printer(Observer, Protocol):
    """Prints the results of one file."""

    def show_events(self, events: Sequence[Event]) -> None: ...
    def end(self, too_short: str | None, /) -> None: ...


def replay(
    settings: Settings,
    files: Sequence[str],
    *,
    speed: float | None,
    as_json: bool,
    scores: bool,
    publish: bool,
    shown: bool = False,
    channel: int | None = None,
    config: Path | None = None,
    note_choices: NoteChoices = NoteChoices(),  # noqa: B008
) -> int:
    """Replay each file. Return 0, or 2 if one of them could not be read.

    `speed` is a multiple of real time; None: as fast as possible. `as_json` prints JSON objects,
    `scores` a line for each window, with the model's scores or, if `shown`, those that hubs see.
    `publish` sends the events to the broker. `channel`, counted from 1, is used alone; None: the
    configured one, else a mix of all. `config` is the file that the settings came from.
    `note_choices` says what to do with notes.

    Raises InputError if the settings cannot work or the broker refuses the login, FailedError if
    events could not be delivered.
    """
    if note_choices.midi is not None and len(files) > 1:
        raise InputError("--midi is for one recording; replay the others separately")
    recognizer = Recognizer(settings)
    channel = channel or (None if settings.sources else settings.audio.channel)
    gate_dbfs = None if scores else settings.audio.gate_dbfs
    outputs = _note_output(settings, note_choices, as_json=as_json)
    code = 0
    with (
        stop_on_signals() as stop,
        _open_publication(settings, recognizer, stop, config, publish=publish) as publication,
    ):
        for file in files:
            if stop.is_set():
                break
            notes = None if outputs is None else outputs.begin(file, recognizer.families)
            hear = None if notes is None else notes.hear
            player = Replay(
                *(file, recognizer.hop_seconds), speed=speed, channel=channel, stop=stop, hear=hear
            )
            printer = _make_printer(file, recognizer, as_json=as_json, scores=scores, shown=shown)
            if not as_json and len(files) > 1:
                print(printable(without_logins(file)) or "''", flush=True)
            scorer = Scorer(recognizer.classifier, gate_dbfs)
            failed = _play_file(player, recognizer, scorer, printer, publication, notes=notes)
            code = max(code, failed)
    return code


def _play_file(
    player: Replay,
    recognizer: Recognizer,
    scorer: Scorer,
    printer: _Printer,
    publication: "Publication",
    *,
    notes: "FileNotes | None",
) -> int:
    """Replay one file. Return 0, or 2 after a message if it could not be read."""
    try:
        play(player, recognizer, scorer, printer, publication, notes=notes)
        printer.end(_too_short(player, recognizer))
    except InputError as error:
        log.error("%s", error)  # noqa: TRY400
        return 2
    return 0


def _note_output(settings: Settings, choices: NoteChoices, *, as_json: bool) -> "NoteOutput | None":
    if not choices.printed and choices.midi is None:
        return None
    from daemon.commands.notes.note_output import NoteOutput

    return NoteOutput(settings, choices, as_json=as_json)


def _make_printer(
    file: str, recognizer: Recognizer, *, as_json: bool, scores: bool, shown: bool
) -> _Printer:
    families = recognizer.families
    windows = recognizer.shown if shown else ShownScores()
    if as_json:
        return _JsonLines(file, families, recognizer.shown, windows if scores else None)
    return LinePrinter(sys.stdout, families, recognizer.shown, windows if scores else None)


def _too_short(player: Replay, recognizer: Recognizer) -> str | None:
    """Return why the recording is too short for any event, or None if it is long enough."""
    shortest = shortest_seconds(
        recognizer.rules, recognizer.classifier.contract, recognizer.hop_seconds
    )
    if player.seconds >= shortest:
        return None
    seconds = math.floor(player.seconds * 10) / 10
    return f"the recording lasts {seconds:g} s, and an event needs at least {shortest:g} s"


class Publication:
    """Publishes a replay as if its sound were recorded now."""

    def __init__(self) -> None:
        self.began = time.time()
        """Wall time of second 0 of the current file."""
        self.reporter: Reporter | None = None
        """The reporter that publishes; None: nothing is published."""

    def wall_at(self, at: float) -> float:
        """Return the wall time of second `at` of the current file."""
        return self.began + at


def play(
    player: Replay,
    recognizer: Recognizer,
    scorer: Scorer,
    printer: _Printer,
    publication: Publication,
    *,
    notes: "FileNotes | None" = None,
    others: Sequence[Observer] = (),
) -> None:
    """Replay one file to the printer, `notes`, the reporter of `publication` and `others`, if any.

    Events that are open at the end of the file end there.
    """
    tracker = recognizer.tracker()
    reporter = publication.reporter
    if reporter is not None:
        reporter.sound_started()
    observers = [o for o in (printer, notes, reporter, *others) if o is not None]
    try:
        listen(player.windows(), scorer, tracker, observers)
        if notes is not None:
            notes.end()
    finally:
        events = tracker.close(player.seconds)
        printer.show_events(events)
        if reporter is not None:
            reporter.sound_ended(player.seconds, events)
        publication.began += player.seconds


@contextmanager
def _open_publication(
    settings: Settings, recognizer: Recognizer, stop: Stop, config: Path | None, *, publish: bool
) -> Iterator[Publication]:
    publication = Publication()
    if not publish:
        yield publication
        return
    from daemon.runtime.publishing import publishing

    node = node_of(settings, recognizer, _NODE)
    password = find_password(settings.mqtt, config)
    link, publication.reporter = publishing(
        settings, node, password, publication.wall_at, recognizer.shown
    )
    with link:
        wait_for_broker(link.connection, stop, _CONNECT_SECONDS)
        yield publication
        # Without a connection, the request to stop came before any event.
        if link.connection.count and (undelivered := link.flush(_FLUSH_SECONDS)):
            raise FailedError(f"the broker did not accept {undelivered} event(s); replay again")


class _JsonLines:
    """Prints one JSON object per line: each event, or with `windows` each window instead.

    `events` and `windows` map the scores of each.
    """

    def __init__(
        self, file: str, families: Sequence[str], events: ShownScores, windows: ShownScores | None
    ) -> None:
        self._file = file
        self._families = families
        self._shown = events
        self._windows = windows
        self._has_events = False

    def observe(self, observation: Observation) -> None:
        """Print the events of an observation, or its window."""
        heard = observation.heard
        if self._windows is None:
            self.show_events(observation.events)
            return
        # Seven digits keep the order of scores very close to 0 or 1.
        scores = (round(score, 7) for score in self._windows.all(heard.scores).tolist())
        self._print(
            at=round(heard.ended_at, 3),
            level_dbfs=round(heard.level_dbfs, 2),
            scores=dict(zip(self._families, scores, strict=True)),
        )

    def show_events(self, events: Sequence[Event]) -> None:
        """Print each event, unless windows are printed."""
        self._has_events = self._has_events or bool(events)
        for event in () if self._windows is not None else events:
            self._print(
                event="ended" if isinstance(event, EventEnded) else "started",
                family=event.family,
                onset=round(event.onset, 3),
                at=round(event.at, 3),
                score=self._shown_score(event.family, event.score),
                model_score=round(event.score, 4),
                **self._ending(event),
            )

    def end(self, too_short: str | None) -> None:
        """Log why there was no event. It does not go to standard output, which holds only JSON."""
        if too_short is not None and self._windows is None and not self._has_events:
            log.warning("%s: no event: %s", self._file, too_short)

    def _ending(self, event: Event) -> dict[str, float]:
        if isinstance(event, EventStarted):
            return {}
        return {
            "ended_at": round(event.ended_at, 3),
            "duration_seconds": round(event.duration_seconds, 3),
            "peak": self._shown_score(event.family, event.peak),
        }

    def _shown_score(self, family: str, score: float) -> float:
        return round(self._shown.of(family, score), 4)

    def _print(self, **fields: Any) -> None:
        # A file name may contain bytes that are not text, or terminal control characters.
        ensure_ascii = not self._file.isprintable()
        print(json.dumps({"file": self._file, **fields}, ensure_ascii=ensure_ascii), flush=True)
