"""The daemon's health, and the problems found in it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from daemon.counters import Counters
from daemon.place_state import PlaceState

_LONGEST_TURN_SECONDS = 30.0
_HEALTHY_STATES = {PlaceState.HEARING, PlaceState.MUTED}


class NodeHealth(NamedTuple):
    """The health of one node."""

    state: PlaceState
    """Its current state."""
    reason: str | None
    """Why it is deaf; None in other states."""
    counters: Counters
    """Its counters since the start."""


class Health(NamedTuple):
    """The health of the daemon at one moment."""

    nodes: Mapping[str, NodeHealth]
    """All nodes by name."""
    turned_at: float
    """When the main loop last completed a turn: time.monotonic()."""
    broker: str = ""
    """The state of the connection to the broker in words; a lost connection is not a failure."""


# Returns the current health; may be called from any thread.
Snapshot = Callable[[], Health]


def find_problems(health: Health, now: float) -> list[str]:
    """Return the problems in words; empty for a healthy daemon. `now` is time.monotonic()."""
    problems = [
        f"{name}: {node.state}" + (f": {node.reason}" if node.reason else "")
        for name, node in health.nodes.items()
        if node.state not in _HEALTHY_STATES
    ]
    turn_seconds = now - health.turned_at
    if turn_seconds > _LONGEST_TURN_SECONDS:
        problems.append(f"the loop has not completed a turn for {turn_seconds:.0f} s")
    return problems


def report_of(health: Health, problems: Sequence[str]) -> dict[str, Any]:
    """Return the body of `/healthz` as a JSON object; `problems` are those of `find_problems`."""
    nodes = {name: node.state for name, node in health.nodes.items()}
    report: dict[str, Any] = {"status": "failing" if problems else "ok", "nodes": nodes}
    if health.broker:
        report["broker"] = health.broker
    return report | {"reasons": list(problems)} if problems else report
