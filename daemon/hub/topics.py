"""The topics on which a broker keeps messages of a node, by its name alone; pure."""

from collections.abc import Sequence
from zlib import crc32

from daemon.hub.controls import CONTROLS, RESTART, SENSITIVITY

_DEFAULT_PREFIX = "timbrel"
# Of a place that is named otherwise than its box, `availability` is the place's own.
_STATES = (
    *("availability", "hearing", "state", "level", "scores", "practice", "last_session"),
    "diagnostics",
)


def id_suffix(topic_prefix: str) -> str:
    """Return what a new box ends its devices' ids with: nothing with the default prefix.

    Boxes of one name do not share ids when their topic prefixes differ.
    """
    return "" if topic_prefix == _DEFAULT_PREFIX else f"{crc32(topic_prefix.encode()):08x}"


def device_id(name: str, suffix: str = "") -> str:
    """Return the start of all ids of a node's device; `suffix` tells boxes of one name apart."""
    return f"timbrel_{name}_{suffix}" if suffix else f"timbrel_{name}"


def device_topic(discovery_prefix: str, name: str, suffix: str = "") -> str:
    """Return where a node's device is announced."""
    return f"{discovery_prefix}/device/{device_id(name, suffix)}/config"


def discovery_topics(discovery_prefix: str, name: str, topic_prefix: str) -> list[str]:
    """Return where a node of that name and prefix may have been announced, by any version."""
    suffixes = dict.fromkeys(("", id_suffix(topic_prefix)))
    return [device_topic(discovery_prefix, name, suffix) for suffix in suffixes]


def retained_topics(topic_prefix: str, name: str, families: Sequence[str] = ()) -> list[str]:
    """Return every topic below the node's own that it may have published with retain.

    `families` are those that may have a sensitivity of their own.
    """
    settings = [control.leaf for control in CONTROLS if control is not RESTART]
    settings += [f"{SENSITIVITY.leaf}_{family}" for family in families]
    return [f"{topic_prefix}/{name}/{leaf}" for leaf in (*_STATES, *settings)]
