"""Log-ins to the page: sessions in memory, and limits on attempts."""

import hmac
import secrets
from collections.abc import Callable
from typing import NamedTuple

from daemon.configuration.web_password import PasswordHash
from daemon.hub.token_bucket import TokenBucket

SESSION_SECONDS = 30 * 86_400.0
"""After this long without a request, a session ends."""
_MOST_SESSIONS = 100
# Attempts of one address, and of all together: each costs 16 MB and a fraction of a second.
_BURST, _PER_SECOND = 5, 1 / 30
_BURST_OF_ALL, _PER_SECOND_OF_ALL = 20, 1 / 5
_MOST_ADDRESSES = 1_000


class Session(NamedTuple):
    """A browser that has logged in."""

    token: str
    """What its requests that change something must repeat, against forged requests."""
    used_at: float
    """When it sent its last request, in seconds."""


class Logins:
    """The sessions of a page. Without a `password`, every browser is in the same session.

    `now` is a clock in seconds that never goes back.
    """

    def __init__(self, password: PasswordHash | None, now: Callable[[], float]) -> None:
        self.password = password
        """The hash of the password; None if the page needs none."""
        self._now = now
        self._open = Session(secrets.token_urlsafe(24), now())
        self._sessions: dict[str, Session] = {}
        self._attempts: dict[str, TokenBucket] = {}
        self._all_attempts = TokenBucket(_BURST_OF_ALL, _PER_SECOND_OF_ALL)

    def may_try(self, address: str) -> bool:
        """Count an attempt to log in from an address; return False if there were too many."""
        if address not in self._attempts and len(self._attempts) >= _MOST_ADDRESSES:
            del self._attempts[next(iter(self._attempts))]
        bucket = self._attempts.setdefault(address, TokenBucket(_BURST, _PER_SECOND))
        return bucket.take(self._now()) and self._all_attempts.take(self._now())

    def begin(self) -> str:
        """Return the key of a new session; beyond the most sessions, the oldest one ends."""
        if len(self._sessions) >= _MOST_SESSIONS:
            del self._sessions[min(self._sessions, key=lambda key: self._sessions[key].used_at)]
        key = secrets.token_urlsafe(32)
        self._sessions[key] = Session(secrets.token_urlsafe(24), self._now())
        return key

    def end(self, key: str) -> None:
        """End a session."""
        self._sessions.pop(key, None)

    def session(self, key: str) -> Session | None:
        """Return the session of a key and keep it alive; None if there is none."""
        if self.password is None:
            return self._open
        found, now = self._sessions.get(key), self._now()
        if found is None:
            return None
        if now - found.used_at > SESSION_SECONDS:
            del self._sessions[key]
            return None
        self._sessions[key] = found = found._replace(used_at=now)
        return found


def is_token(session: Session, token: str) -> bool:
    """Return whether a request repeats the token of its session."""
    return hmac.compare_digest(session.token.encode(), token.encode("utf-8", "replace"))
