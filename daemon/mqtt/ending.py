"""Why an accepted connection ended."""

_CLOSED = "Unspecified error"
_TIMEOUT = "Keep alive timeout"
_TOO_LARGE = "Packet too large"
_TAKEN_OVER = "Session taken over"
_WORDS = {
    _CLOSED: "it closed the connection",
    _TIMEOUT: "it does not answer any more",
    _TAKEN_OVER: "another client has connected under our client id",
}


class Ending:
    """Keeps the first reason; later ones only report that the socket was closed after it."""

    def __init__(self) -> None:
        self.is_unanswered = False
        """Whether we disconnected because the broker acknowledges nothing."""
        self._reason = ""

    def note(self, reason: str) -> None:
        """Note a reason by the MQTT library's name for it."""
        self._reason = self._reason or reason

    @property
    def words(self) -> str:
        """The reason in plain words."""
        return _WORDS.get(self._reason, self._reason)

    @property
    def is_taken_over(self) -> bool:
        """Whether another client has connected under our client id."""
        return self._reason == _TAKEN_OVER

    @property
    def is_closed(self) -> bool:
        """Whether the broker closed the connection without a reason."""
        return self._reason == _CLOSED

    @property
    def is_hung_up(self) -> bool:
        """Whether the broker ended it, other than by a time-out or a takeover."""
        return self._reason not in {_TAKEN_OVER, _TIMEOUT}

    def may_be_too_large(self, *, v5: bool) -> bool:
        """Whether one of our messages may have been too large.

        MQTT 5 gives this reason; with 3.1.1 a broker can only hang up.
        """
        return self._reason == _TOO_LARGE if v5 else self.is_closed
