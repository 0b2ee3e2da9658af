"""The topics on which a broker keeps messages of a node, by its name alone; pure."""

from collections.abc import Sequence

from daemon.remote import CONTROLS, RESTART, SENSITIVITY

# Of a place that is named otherwise than its box, `availability` is the place's own.
_STATES = (
    *("availability", "hearing", "state", "level", "scores", "practice", "last_session"),
    "diagnostics",
)


def discovery_topics(discovery_prefix: str, name: str) -> list[str]:
    """Return where a node of that name may have been announced, by any version of Timbrel."""
    return [f"{discovery_prefix}/device/timbrel_{name}/config"]


def retained_topics(topic_prefix: str, name: str, families: Sequence[str] = ()) -> list[str]:
    """Return every topic below the node's own that it may have published with retain.

    `families` are those that may have a sensitivity of their own.
    """
    settings = [control.leaf for control in CONTROLS if control is not RESTART]
    settings += [f"{SENSITIVITY.leaf}_{family}" for family in families]
    return [f"{topic_prefix}/{name}/{leaf}" for leaf in (*_STATES, *settings)]
