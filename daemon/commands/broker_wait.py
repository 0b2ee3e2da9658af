"""How a command waits for the broker: patient with a slow one, and for no longer than the user."""

import time

from daemon.errors import FailedError, InputError
from daemon.mqtt.connection import Connection
from daemon.system.stop import Stop

_LOOK_SECONDS = 0.2
# One attempt with MQTT 5 and one with 3.1.1, each left without an answer.
_LONGEST_ANSWER_SECONDS = 25.0


def wait_for_broker(connection: Connection, stop: Stop, seconds: float) -> None:
    """Wait until the broker accepts us, or until the request to stop.

    An attempt that is under way after `seconds` may go on to its end: a busy broker answers late.
    Raises InputError when the broker refuses us, FailedError when it cannot be reached.
    """
    began = time.monotonic()
    while not stop.is_set() and not connection.wait(_LOOK_SECONDS):
        trouble = connection.trouble
        if trouble is not None and trouble.needs_user:
            raise InputError(trouble.reason)
        longest_seconds = _LONGEST_ANSWER_SECONDS if trouble is None else seconds
        if time.monotonic() - began > longest_seconds:
            raise FailedError("the broker does not answer" if trouble is None else trouble.reason)
