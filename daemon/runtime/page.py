"""Connects the page to the listening places."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from daemon.configuration.settings import Settings
from daemon.hearing.shown_scores import ShownScores
from daemon.hub.board import Board
from daemon.hub.messages import iso_time
from daemon.practice.history.history import History
from daemon.practice.history.records import Deletion
from daemon.runtime.page_models import PageModel
from daemon.runtime.practice_wiring import network_of
from daemon.runtime.station import Station
from daemon.runtime.stations import Stations
from daemon.runtime.wakeup import Wakeup
from daemon.runtime.wiring import Recognizer
from daemon.system.state_directory import state_directory
from daemon.web.health import Snapshot
from daemon.web.page.page_place import PagePlace

if TYPE_CHECKING:
    from daemon.web.page.hear.analysis import Method
    from daemon.web.page.routes import PageParts

log = logging.getLogger(__name__)


def page_parts(
    settings: Settings,
    stations: Stations,
    recognizer: Recognizer,
    *,
    board: Board,
    wakeup: Wakeup,
    snapshot: Snapshot,
    history: History,
    models: Sequence[PageModel] = (),
) -> "PageParts":
    """Return what the page shows, and let it observe every place."""
    from daemon.errors import InputError
    from daemon.web.metrics import metrics_of
    from daemon.web.page.history.page_history import PageHistory
    from daemon.web.page.live.live import Live
    from daemon.web.page.routes import PageParts

    places = {s.node.name: _page_place(s, recognizer, wakeup) for s in stations}
    live = Live(board, lambda: [places[node.name] for node in stations.nodes])
    for station in stations:
        station.place.follow(live.observer(station.node.name))
    try:
        metrics = metrics_of(snapshot)
    except InputError:
        metrics = None
    page_history = PageHistory(
        state_directory(settings.state.directory), partial(_delete, stations, history)
    )
    contract, method = recognizer.classifier.contract, method_of(settings, recognizer)
    others = {model.contract.title: _with_model(method, model) for model in models}
    return PageParts(live, snapshot, contract, metrics, method, page_history, others)


def method_of(settings: Settings, recognizer: Recognizer) -> "Method":
    """Return how recordings on the page are analysed."""
    from daemon.web.page.hear.analysis import Method

    return Method(
        recognizer.path,
        lambda: recognizer.rules,
        recognizer.shown,
        recognizer.hop_seconds,
        settings.audio.gate_dbfs,
        partial(network_of, settings),
        settings.practice.reference_hz,
    )


def _with_model(method: "Method", model: PageModel) -> "Method":
    """Return the same method with another model."""
    return method._replace(
        model=model.file,
        rules=partial(list, model.rules),
        shown=ShownScores(model.contract.families, [rule.threshold for rule in model.rules]),
    )


def _page_place(station: Station, recognizer: Recognizer, wakeup: Wakeup) -> PagePlace:
    return PagePlace(
        station.node,
        recognizer.shown,
        partial(_points, station, recognizer),
        lambda: station.inbox.controls,
        partial(_command, station, wakeup),
    )


def _points(station: Station, recognizer: Recognizer) -> Mapping[str, float]:
    """Return the operating points at a place, on the scale of shown scores."""
    pairs = zip(recognizer.families, station.rules, strict=True)
    return {family: round(recognizer.shown.of(family, r.threshold), 3) for family, r in pairs}


def _delete(stations: Stations, history: History, deletion: Deletion) -> None:
    """Delete from the history, then from what the place remembers; raises FailedError."""
    deleted = history.delete(deletion)
    for station in stations:
        if station.node.name == deletion.place:
            station.forget(deleted)
    what = "everything" if deletion.day is None else f"the day {deletion.day}"
    if deletion.session is not None:
        what = f"the session of {iso_time(deletion.session)}"
    log.info("deleted on the page from the history of %s: %s", deletion.place, what)


def _command(station: Station, wakeup: Wakeup, topic: str, payload: bytes) -> bool:
    """Queue a command, as one from the hub is queued."""
    is_queued = station.inbox.take(topic, payload, retained=False, where="on the page")
    if is_queued:
        wakeup.wake()
    return is_queued
