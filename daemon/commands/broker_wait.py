"""Waits for the connection to the broker before a command starts to publish."""

import time

from daemon.errors import FailedError, InputError
from daemon.mqtt.connection import Connection
from daemon.system.stop import Stop

_POLL_SECONDS = 0.2
# One attempt with MQTT 5 and one with 3.1.1, both without an answer.
_LONGEST_ANSWER_SECONDS = 25.0


def wait_for_broker(connection: Connection, stop: Stop, seconds: float) -> None:
    """Wait until the broker accepts the connection, or until the request to stop.

    Failed attempts are repeated for `seconds`. An attempt that has no answer yet may take longer,
    because a busy broker answers late. Raises InputError if the broker refuses the login,
    FailedError if it cannot be reached.
    """
    began = time.monotonic()
    while not stop.is_set() and not connection.wait(_POLL_SECONDS):
        trouble = connection.trouble
        if trouble is not None and trouble.needs_user:
            raise InputError(trouble.reason)
        longest_seconds = _LONGEST_ANSWER_SECONDS if trouble is None else seconds
        if time.monotonic() - began > longest_seconds:
            raise FailedError("the broker does not answer" if trouble is None else trouble.reason)
