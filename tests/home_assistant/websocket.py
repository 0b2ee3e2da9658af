"""A client of Home Assistant's WebSocket API."""

import json
import time
from typing import Any

from websockets.sync.client import ClientConnection, connect


class RequestFailedError(Exception):
    """Home Assistant returned an error for a WebSocket command."""


class Socket:
    """A WebSocket connection to Home Assistant, for commands and subscribed events."""

    def __init__(self, url: str, token: str) -> None:
        self._connection: ClientConnection = connect(url, max_size=None)
        self._number = 0
        assert self._receive()["type"] == "auth_required"
        self._send(type="auth", access_token=token)
        assert self._receive()["type"] == "auth_ok"

    def _receive(self, seconds: float = 30) -> Any:
        return json.loads(self._connection.recv(seconds))

    def _send(self, **message: Any) -> None:
        self._connection.send(json.dumps(message))

    def ask(self, kind: str, **fields: Any) -> Any:
        """Send a command and return its result; raise RequestFailedError if it fails."""
        self._number += 1
        self._send(id=self._number, type=kind, **fields)
        while True:
            answer = self._receive()
            if answer.get("id") == self._number and answer["type"] == "result":
                if not answer["success"]:
                    raise RequestFailedError(f"{kind}: {answer['error']}")
                return answer["result"]

    def events(self, seconds: float) -> list[Any]:
        """Return the subscribed events that arrive within `seconds`."""
        until = time.monotonic() + seconds
        found = []
        while (left := until - time.monotonic()) > 0:
            try:
                answer = self._receive(left)
            except TimeoutError:
                break
            if answer["type"] == "event":
                found.append(answer["event"])
        return found

    def close(self) -> None:
        self._connection.close()
