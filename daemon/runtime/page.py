"""Connects the page to the listening places."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from daemon.configuration.settings import Settings
from daemon.hearing.shown_scores import ShownScores
from daemon.hub.board import Board
from daemon.runtime.page_models import PageModel
from daemon.runtime.practice_wiring import network_of
from daemon.runtime.station import Station
from daemon.runtime.stations import Stations
from daemon.runtime.wakeup import Wakeup
from daemon.runtime.wiring import Recognizer
from daemon.web.health import Snapshot
from daemon.web.page.page_place import PagePlace

if TYPE_CHECKING:
    from daemon.web.page.routes import PageParts


def page_parts(
    settings: Settings,
    stations: Stations,
    recognizer: Recognizer,
    *,
    board: Board,
    wakeup: Wakeup,
    snapshot: Snapshot,
    models: Sequence[PageModel] = (),
) -> "PageParts":
    """Return what the page shows, and let it observe every place."""
    from daemon.errors import InputError
    from daemon.web.metrics import metrics_of
    from daemon.web.page.hear.analysis import Method
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
    method = Method(
        recognizer.path,
        lambda: recognizer.rules,
        recognizer.shown,
        recognizer.hop_seconds,
        settings.audio.gate_dbfs,
        partial(network_of, settings),
        settings.practice.reference_hz,
    )
    others = {
        model.contract.title: method._replace(
            model=model.file,
            rules=partial(list, model.rules),
            shown=ShownScores(model.contract.families, [r.threshold for r in model.rules]),
        )
        for model in models
    }
    return PageParts(live, snapshot, recognizer.classifier.contract, metrics, method, others)


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


def _command(station: Station, wakeup: Wakeup, topic: str, payload: bytes) -> bool:
    """Queue a command as if the hub had sent it."""
    is_queued = station.inbox.take(topic, payload, retained=False)
    if is_queued:
        wakeup.wake()
    return is_queued
