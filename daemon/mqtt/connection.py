"""The state of the connection to the broker, readable from any thread."""

import math
import threading
import time

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.refusals import Refusals
from daemon.mqtt.trouble import Trouble


class Connection:
    """Updated by the link, read by everyone else. Each link has one of its own."""

    def __init__(self, settings: MqttSettings) -> None:
        self.refusals = Refusals(settings)
        """What the broker refuses."""
        self.trouble: Trouble | None = None
        """Why the last attempt failed; None during the next one."""
        self.count = 0
        """How many times the broker has accepted us."""
        self.greet_again_at = math.inf
        """When everything is to be sent again: time.monotonic(); infinite for never."""
        self._last_trouble: Trouble | None = None
        self._accepted = threading.Event()
        self._accepted_at = math.inf

    @property
    def is_accepted(self) -> bool:
        """Whether we are connected and the broker has accepted our login."""
        return self._accepted.is_set()

    @property
    def seconds(self) -> float:
        """How long the connection has lasted; 0 without one."""
        return time.monotonic() - self._accepted_at if self.is_accepted else 0.0

    @property
    def state(self) -> str:
        """The state of the connection in words."""
        if self.is_accepted:
            kinds = self.refusals.kinds
            return "connected" + (f" but refuses {', '.join(kinds)}" if kinds else "")
        trouble = self._last_trouble
        return "not connected yet" if trouble is None else f"not connected: {trouble.reason}"

    def say_again(self, seconds: float) -> None:
        """Send everything again after this many seconds; call it on the link's thread only."""
        self.greet_again_at = min(self.greet_again_at, time.monotonic() + seconds)

    def greeted_again(self) -> None:
        """Everything has been sent again."""
        self.greet_again_at = math.inf

    def wait(self, seconds: float) -> bool:
        """Wait for the broker to accept us; return early with False if it refuses us."""
        deadline = time.monotonic() + seconds
        while not self._accepted.wait(0.05):
            trouble = self.trouble
            if time.monotonic() > deadline or (trouble is not None and trouble.users):
                return False
        return True

    def begin(self) -> None:
        """An attempt to connect begins."""
        self.trouble = None
        self._accepted_at = math.inf
        self.greet_again_at = math.inf

    def accept(self) -> None:
        """The broker has accepted us."""
        self._accepted_at = time.monotonic()
        self.count += 1
        self._last_trouble = None
        self._accepted.set()

    def end(self) -> None:
        """The connection has ended, or was never accepted."""
        self._accepted.clear()

    def fail(self, trouble: Trouble) -> None:
        """An attempt has failed, or the connection was lost."""
        self.trouble = self._last_trouble = trouble
