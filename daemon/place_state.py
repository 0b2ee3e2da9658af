"""The state of a listening place, as hub, log, service manager and HTTP show it."""

from enum import StrEnum


class PlaceState(StrEnum):
    """Each value is the word in messages and logs."""

    STARTING = "starting"
    """No sound yet, and no error yet."""
    HEARING = "hearing"
    """Sound arrives."""
    DEAF = "deaf"
    """There is no sound; the reason is reported beside it."""
    MUTED = "muted"
    """Muted by the user; the device is closed."""
