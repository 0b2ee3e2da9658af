"""Why the connection to the broker was lost."""

_CLOSED = "Unspecified error"
_TIMEOUT = "Keep alive timeout"
_TOO_LARGE = "Packet too large"
_TAKEN_OVER = "Session taken over"
_DESCRIPTIONS = {
    _CLOSED: "the broker closed the connection",
    _TIMEOUT: "the broker stopped answering",
    _TAKEN_OVER: "another client connected with our client id",
}


class DisconnectReason:
    """The first reason that the MQTT library reports for the end of one connection.

    Later reasons are ignored: they only say that the socket was closed as a consequence.
    """

    def __init__(self) -> None:
        self.is_unanswered = False
        """True if we disconnected because the broker acknowledged nothing."""
        self._name = ""

    def note(self, name: str) -> None:
        """Record a reason; `name` is the MQTT library's name of the reason code."""
        self._name = self._name or name

    @property
    def description(self) -> str:
        """The reason in plain words."""
        return _DESCRIPTIONS.get(self._name, self._name)

    @property
    def is_taken_over(self) -> bool:
        """True if another client connected with our client id."""
        return self._name == _TAKEN_OVER

    @property
    def is_closed(self) -> bool:
        """True if the broker closed the connection without a reason code."""
        return self._name == _CLOSED

    @property
    def is_by_broker(self) -> bool:
        """True if the broker ended the connection, except for a timeout or a takeover."""
        return self._name not in {_TAKEN_OVER, _TIMEOUT}

    def may_be_too_large(self, *, v5: bool) -> bool:
        """Return whether one of our messages may have been too large.

        MQTT 5 has a reason code for that. A broker of 3.1.1 can only close the connection.
        """
        return self._name == _TOO_LARGE if v5 else self.is_closed
