"""The state of a listening place, as it is told everywhere: hub, log, service manager, HTTP."""

from enum import StrEnum


class PlaceState(StrEnum):
    """In messages and texts each is its value."""

    STARTING = "starting"
    """Nothing was heard yet, and nothing is known to be wrong."""
    HEARING = "hearing"
    """Sound arrives."""
    DEAF = "deaf"
    """There is no sound, for a reason that is told."""
    MUTED = "muted"
    """Somebody wants nothing to be heard; the device is closed."""
