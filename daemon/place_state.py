"""The state of a listening place, as shown by the hub, log, service manager and HTTP."""

from enum import StrEnum


class PlaceState(StrEnum):
    """The values are the words used in messages and logs."""

    STARTING = "starting"
    """There has been neither sound nor an error yet."""
    HEARING = "hearing"
    """Sound is being received."""
    DEAF = "deaf"
    """There is no sound; the reason is reported with the state."""
    MUTED = "muted"
    """Muted by the user; the device is closed."""
