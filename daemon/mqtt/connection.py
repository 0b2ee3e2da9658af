"""How the connection to the broker is doing, for everyone who wants to know; for any thread."""

import math
import threading
import time

from daemon.configuration.settings import MqttSettings
from daemon.mqtt.refusals import Refusals
from daemon.mqtt.trouble import Trouble


class Connection:
    """The link keeps it up to date, others read it; a link and its connection are made together."""

    def __init__(self, settings: MqttSettings) -> None:
        self.refusals = Refusals(settings)
        """What the broker refuses of what is sent to it."""
        self.trouble: Trouble | None = None
        """Why the last attempt failed; None while the next one is under way."""
        self.count = 0
        """How often the broker has accepted us."""
        self.greet_again_at = math.inf
        """When everything is to be sent again: time.monotonic(); infinite for never."""
        self._last_trouble: Trouble | None = None
        self._accepted = threading.Event()
        self._accepted_at = math.inf

    @property
    def is_accepted(self) -> bool:
        """Whether the broker has accepted us, and the connection lasts."""
        return self._accepted.is_set()

    @property
    def seconds(self) -> float:
        """How long the connection has lasted; 0 where there is none."""
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
        """Have everything sent again after so many seconds; call it where messages are taken."""
        self.greet_again_at = min(self.greet_again_at, time.monotonic() + seconds)

    def greeted_again(self) -> None:
        """What `say_again` asked for is done."""
        self.greet_again_at = math.inf

    def wait(self, seconds: float) -> bool:
        """Return whether the broker accepts us within that time; sooner where it refuses us."""
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
