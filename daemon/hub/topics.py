"""The topics of a node's retained messages, from its name alone; pure."""

from collections.abc import Sequence
from zlib import crc32

from daemon.hub.controls import CONTROLS, RESTART, SENSITIVITY

_DEFAULT_PREFIX = "timbrel"
# If a place and its box have different names, `availability` is the place's own topic.
_STATES = (
    *("availability", "hearing", "state", "level", "scores", "practice", "last_session"),
    *("practice/summary", "practice/now", "diagnostics"),
)


def id_suffix(topic_prefix: str) -> str:
    """Return the end of a new box's device ids; empty for the default prefix.

    With it, two boxes of the same name but different topic prefixes have different ids.
    """
    return "" if topic_prefix == _DEFAULT_PREFIX else f"{crc32(topic_prefix.encode()):08x}"


def device_id(name: str, suffix: str = "") -> str:
    """Return the start of all ids of a node's device; `suffix` comes from `id_suffix`."""
    return f"timbrel_{name}_{suffix}" if suffix else f"timbrel_{name}"


def device_topic(discovery_prefix: str, name: str, suffix: str = "") -> str:
    """Return the discovery topic of a node's device."""
    return f"{discovery_prefix}/device/{device_id(name, suffix)}/config"


def discovery_topics(discovery_prefix: str, name: str, topic_prefix: str) -> list[str]:
    """Return all discovery topics that any version may have used for this node."""
    suffixes = dict.fromkeys(("", id_suffix(topic_prefix)))
    return [device_topic(discovery_prefix, name, suffix) for suffix in suffixes]


def retained_topics(topic_prefix: str, name: str, slugs: Sequence[str] = ()) -> list[str]:
    """Return every topic of the node on which it may have published a retained message.

    `slugs` are those of the families that may have their own sensitivity.
    """
    settings = [control.leaf for control in CONTROLS if control is not RESTART]
    settings += [f"{SENSITIVITY.leaf}_{slug}" for slug in slugs]
    return [f"{topic_prefix}/{name}/{leaf}" for leaf in (*_STATES, *settings)]
