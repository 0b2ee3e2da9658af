"""The daemon's health and counters as metrics in Prometheus' text format."""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from daemon import __version__
from daemon.counters import Counters
from daemon.errors import InputError
from daemon.place_state import PlaceState
from daemon.web.health import Health, Snapshot


def metrics_of(snapshot: Snapshot) -> Callable[[], bytes]:
    """Return a function that returns the current metrics in Prometheus' text format.

    Raises InputError if prometheus-client is not installed.
    """
    try:
        import prometheus_client.core
    except ImportError:
        from daemon.system.installation import pip_install

        raise InputError(
            "health.port: needs the package prometheus-client; "
            f"{pip_install('prometheus-client')}, or leave it out"
        ) from None
    registry = prometheus_client.CollectorRegistry(auto_describe=False)
    registry.register(_Nodes(prometheus_client.core, snapshot))
    prometheus_client.ProcessCollector(registry=registry)
    return lambda: prometheus_client.generate_latest(registry)


class _Nodes:
    """A Prometheus collector that reads the counters at each scrape, not at each window."""

    def __init__(self, core: Any, snapshot: Snapshot) -> None:
        self._core = core
        self._snapshot = snapshot

    def collect(self) -> Iterator[Any]:
        """Return all current metrics."""
        return _families(self._core, self._snapshot())


class _Family(NamedTuple):
    name: str
    description: str
    value: Callable[[Counters], float]


_NODE_COUNTERS = (
    _Family("timbrel_windows", "Windows analysed", lambda c: c.windows),
    _Family(
        "timbrel_late_windows",
        "Windows skipped because they were too late",
        lambda c: c.late_windows,
    ),
    _Family("timbrel_lost_seconds", "Seconds of sound lost", lambda c: c.lost_seconds),
    _Family(
        "timbrel_overflows",
        "Times that sound was overwritten before it was read",
        lambda c: c.overflows,
    ),
    _Family("timbrel_reopens", "Times that the source was reopened", lambda c: c.reopens),
)
_BOX_COUNTERS = (
    _Family(
        "timbrel_broker_reconnects",
        "Connections to the broker after the first",
        lambda c: c.reconnects,
    ),
    _Family(
        "timbrel_events_dropped",
        "Events dropped because the outbox was full or they could never be accepted",
        lambda c: c.dropped,
    ),
    _Family("timbrel_broker_refusals", "Messages that the broker refused", lambda c: c.refused),
)


def _families(core: Any, health: Health) -> Iterator[Any]:
    info = core.GaugeMetricFamily("timbrel_info", "The running version", labels=["version"])
    info.add_metric([__version__], 1)
    yield info
    turn = time.monotonic() - health.turned_at
    yield core.GaugeMetricFamily(
        "timbrel_turn_age_seconds", "Seconds since the main loop last completed a turn", turn
    )
    for name, description, value in _NODE_COUNTERS:
        family = core.CounterMetricFamily(name, description, labels=["node"])
        for node, its in health.nodes.items():
            family.add_metric([node], value(its.counters))
        yield family
    cost = core.GaugeMetricFamily(
        "timbrel_inference_seconds", "Recent mean time to analyse a window", labels=["node"]
    )
    hearing = core.GaugeMetricFamily(
        "timbrel_hearing",
        "1 for the current state of the node, 0 for the others",
        labels=["node", "state"],
    )
    for node, its in health.nodes.items():
        cost.add_metric([node], its.counters.inference_ms / 1000)
        for state in PlaceState:
            hearing.add_metric([node, state], float(state == its.state))
    yield from (cost, hearing)
    # These counters are the same for every node.
    for its in list(health.nodes.values())[:1]:
        for name, description, value in _BOX_COUNTERS:
            yield core.CounterMetricFamily(name, description, value(its.counters))
        queued = its.counters.queued
        yield core.GaugeMetricFamily(
            "timbrel_events_queued", "Events that the broker has not acknowledged", queued
        )
