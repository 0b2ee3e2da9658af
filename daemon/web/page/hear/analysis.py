"""Find the families and notes in a recording, as `replay` does, on a thread of its own."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from daemon.errors import InputError
from daemon.hearing.classifier import load_classifier
from daemon.hearing.pipeline import Observation, Observer, listen
from daemon.hearing.rules import Rules
from daemon.hearing.scorer import Scorer
from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import Event, EventEnded, Tracker
from daemon.sound.sound_file import read_apart
from daemon.sound.window import SAMPLE_RATE_HZ, Window, WindowBuffer
from daemon.web.page.hear.notices import collected_warnings

if TYPE_CHECKING:
    from daemon.practice.notes.note_network import NoteNetwork
    from daemon.web.page.hear.note_search import NoteSearch

MOST_SECONDS = 3_600.0
"""The longest recording."""
_CHUNK_SECONDS = 4.0
_PROGRESS_SECONDS = 5.0
# The live sound comes first.
_NICENESS = 10
_NO_NOTES: Mapping[str, None] = {"notes": None, "tempo_bpm": None, "midi": None}


class Method(NamedTuple):
    """How recordings are analysed: the model and the rules of the configuration."""

    model: Path
    """The model file; a recording gets its own copy of the network."""
    rules: Callable[[], Sequence[Rules]]
    """Returns the rules of each family."""
    shown: ShownScores
    """Maps the model's scores to shown ones."""
    hop_seconds: float
    """From one window to the next."""
    gate_dbfs: float | None
    """Level below which a window counts as silence, in dBFS; None for no gate."""
    note_network: Callable[[], "NoteNetwork | None"]
    """Loads the note model, None if there is none; raises InputError if it cannot be used."""
    reference_hz: float
    """The A4 of the notes."""


class Upload(NamedTuple):
    """A recording that has arrived."""

    number: int
    """The descriptor of the file in memory."""
    size: int
    """Its size in bytes."""
    wants_notes: bool
    """Find the notes, too."""


class _Result:
    """Collects the events, and the scores of each chunk of 4 seconds."""

    def __init__(self, families: Sequence[str], shown: ShownScores) -> None:
        self._families = families
        self._shown = shown
        self._due = _CHUNK_SECONDS
        self.events: list[dict[str, Any]] = []
        self.chunks: list[dict[str, Any]] = []

    def observe(self, observation: Observation) -> None:
        """Note one window."""
        heard = observation.heard
        self.take(observation.events)
        if heard.ended_at >= self._due - 1e-6:
            self._due += _CHUNK_SECONDS
            scores = self._shown.all(heard.scores).round(3).tolist()
            self.chunks.append(
                {
                    "start": round(heard.ended_at - _CHUNK_SECONDS, 3),
                    "end": round(heard.ended_at, 3),
                    "level": round(heard.level_dbfs, 1),
                    "scores": dict(zip(self._families, scores, strict=True)),
                }
            )

    def take(self, events: Sequence[Event]) -> None:
        """Note events that have ended."""
        for event in events:
            if isinstance(event, EventEnded):
                peak = round(self._shown.of(event.family, event.peak), 3)
                times = {"onset": round(event.onset, 3), "end": round(event.ended_at, 3)}
                self.events.append({"family": event.family, **times, "peak": peak})


def analyse(
    method: Method,
    upload: Upload,
    tell: Callable[[dict[str, Any]], None],
    stop: threading.Event,
) -> dict[str, Any]:
    """Return the events, chunks and, if they are wanted, notes of a recording.

    `tell` gets the progress now and then; `stop` ends the analysis early. Raises InputError, with
    the remedy, if the recording cannot be decoded or is too long.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
    classifier = load_classifier(method.model)
    families = classifier.contract.families
    scorer = Scorer(classifier, method.gate_dbfs)
    tracker = Tracker(families, list(method.rules()), method.hop_seconds)
    result = _Result(families, method.shown)
    buffer = WindowBuffer(method.hop_seconds)
    told = heard = 0.0
    with collected_warnings() as notices:
        search = _note_search(method, families, notices) if upload.wants_notes else None
        observers: list[Observer] = [result]
        if search is not None:
            observers.append(search)
        for window in _windows(buffer, upload, search, stop):
            listen((window,), scorer, tracker, observers)
            heard = window.ended_at
            if heard - told >= _PROGRESS_SECONDS:
                told = heard
                tell({"progress": told})
    result.take(tracker.close(max(heard, buffer.pushed_samples / SAMPLE_RATE_HZ)))
    result.events.sort(key=lambda event: event["onset"])
    return {
        "seconds": round(buffer.pushed_samples / SAMPLE_RATE_HZ, 3),
        "notices": notices,
        "families": list(families),
        "events": result.events,
        "chunks": result.chunks,
        **(_NO_NOTES if search is None or stop.is_set() else search.finish()),
    }


def _note_search(
    method: Method, families: Sequence[str], notices: list[str]
) -> "NoteSearch | None":
    """Return a search for notes; None, and a notice, without a note model."""
    # Imported late to save memory: most pages are never asked for notes.
    from daemon.practice.notes.built_in import NO_NOTE_MODEL
    from daemon.web.page.hear.note_search import NoteSearch

    network = method.note_network()
    if network is None:
        notices.append(NO_NOTE_MODEL)
        return None
    return NoteSearch(network, method.reference_hz, families)


def _windows(
    buffer: WindowBuffer, upload: Upload, search: "NoteSearch | None", stop: threading.Event
) -> Iterator[Window]:
    for piece in read_apart("the recording", upload.number, upload.size):
        if stop.is_set():
            return
        if buffer.pushed_samples > MOST_SECONDS * SAMPLE_RATE_HZ:
            text = f"the recording: longer than {MOST_SECONDS / 60:.0f} minutes; send a part of it"
            raise InputError(text)
        if search is not None:
            search.hear(piece)
        yield from buffer.push(piece)
    yield from buffer.finish()
