"""The state of the connection to the broker, readable from any thread."""

import math
import threading
import time

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.refusals import Refusals
from daemon.mqtt.trouble import Trouble


class Connection:
    """The state of one link: updated on the link's thread, readable from any thread."""

    def __init__(self, settings: MqttSettings) -> None:
        self.refusals = Refusals(settings)
        """Messages and subscriptions that the broker refuses."""
        self.trouble: Trouble | None = None
        """Why the last attempt failed; None during the next one."""
        self.count = 0
        """Number of connections that the broker has accepted."""
        self.republish_at = math.inf
        """When to publish everything again: time.monotonic(); infinite for never."""
        self._last_trouble: Trouble | None = None
        self._accepted = threading.Event()
        self._accepted_at = math.inf

    @property
    def is_accepted(self) -> bool:
        """True while we are connected and the broker has accepted our CONNECT."""
        return self._accepted.is_set()

    @property
    def seconds(self) -> float:
        """Duration of the current connection, in seconds; 0 without one."""
        return time.monotonic() - self._accepted_at if self.is_accepted else 0.0

    @property
    def state(self) -> str:
        """The state of the connection in words."""
        if self.is_accepted:
            kinds = self.refusals.kinds
            return "connected" + (f" but refuses {', '.join(kinds)}" if kinds else "")
        trouble = self._last_trouble
        return "not connected yet" if trouble is None else f"not connected: {trouble.reason}"

    def republish_after(self, seconds: float) -> None:
        """Publish everything again in `seconds` or sooner; call it on the link's thread only."""
        self.republish_at = min(self.republish_at, time.monotonic() + seconds)

    def republished(self) -> None:
        """Clear the request of `republish_after`."""
        self.republish_at = math.inf

    def wait(self, seconds: float) -> bool:
        """Wait until the broker accepts the connection; return False after `seconds`.

        Also returns False as soon as an attempt fails for a reason that the user has to fix.
        """
        deadline = time.monotonic() + seconds
        while not self._accepted.wait(0.05):
            trouble = self.trouble
            if time.monotonic() > deadline or (trouble is not None and trouble.needs_user):
                return False
        return True

    def begin(self) -> None:
        """Reset the state for a new attempt to connect."""
        self.trouble = None
        self._accepted_at = math.inf
        self.republish_at = math.inf

    def accept(self) -> None:
        """Record that the broker has accepted us."""
        self._accepted_at = time.monotonic()
        self.count += 1
        self._last_trouble = None
        self._accepted.set()

    def end(self) -> None:
        """Record that there is no connection any more."""
        self._accepted.clear()

    def fail(self, trouble: Trouble) -> None:
        """Record why an attempt failed or the connection was lost."""
        self.trouble = self._last_trouble = trouble
