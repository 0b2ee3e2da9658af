"""The daemon's health: a snapshot of it, and what is wrong with it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from daemon.counters import Counters
from daemon.place_state import PlaceState

_LONGEST_TURN_SECONDS = 30.0
_WELL = {PlaceState.HEARING, PlaceState.MUTED}


class NodeHealth(NamedTuple):
    """One node: starting, hearing, deaf (with the reason) or muted, and what happened so far."""

    state: PlaceState
    reason: str | None
    counters: Counters


class Health(NamedTuple):
    """All nodes by name, and when the loop last completed a turn: time.monotonic().

    `broker` is the state of the connection in words. A broker that is away is no fault of ours.
    """

    nodes: Mapping[str, NodeHealth]
    turned_at: float
    broker: str = ""


Snapshot = Callable[[], Health]


def judge(health: Health, now: float) -> list[str]:
    """What is wrong at `now`, time.monotonic(), each in words; nothing where all is well."""
    reasons = [
        f"{name}: {node.state}" + (f": {node.reason}" if node.reason else "")
        for name, node in health.nodes.items()
        if node.state not in _WELL
    ]
    turn_seconds = now - health.turned_at
    if turn_seconds > _LONGEST_TURN_SECONDS:
        reasons.append(f"the loop has not completed a turn for {turn_seconds:.0f} s")
    return reasons
