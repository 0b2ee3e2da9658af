"""Sessions and attempts over time."""

from daemon.configuration.web_password import hash_password
from daemon.web.page.access.logins import SESSION_SECONDS, Logins, is_token

PASSWORD = hash_password("correct horse")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_session_ends_after_a_month_without_use() -> None:
    clock = Clock()
    logins = Logins(PASSWORD, clock)
    key = logins.begin()
    clock.now += SESSION_SECONDS - 1
    assert logins.session(key) is not None
    clock.now += SESSION_SECONDS - 1
    assert logins.session(key) is not None
    clock.now += SESSION_SECONDS + 1
    assert logins.session(key) is None
    assert logins.session(key) is None


def test_each_session_has_its_own_key_and_token() -> None:
    logins = Logins(PASSWORD, Clock())
    first, second = (logins.session(logins.begin()) for _ in range(2))
    assert first is not None
    assert second is not None
    assert is_token(first, first.token)
    assert not is_token(first, second.token)
    assert not is_token(first, "")
    assert not is_token(first, "ä\udcff")


def test_oldest_session_makes_room() -> None:
    clock = Clock()
    logins = Logins(PASSWORD, clock)
    keys = []
    for _ in range(101):
        clock.now += 1
        keys.append(logins.begin())
    assert logins.session(keys[0]) is None
    assert all(logins.session(key) for key in keys[1:])


def test_attempts_come_back_with_time_and_addresses_are_separate() -> None:
    clock = Clock()
    logins = Logins(PASSWORD, clock)
    assert [logins.may_try("192.0.2.1") for _ in range(6)] == [True] * 5 + [False]
    assert logins.may_try("192.0.2.2")
    clock.now += 31
    assert [logins.may_try("192.0.2.1") for _ in range(2)] == [True, False]


def test_many_addresses_together_are_limited() -> None:
    logins = Logins(PASSWORD, Clock())
    assert sum(logins.may_try(f"192.0.2.{n}") for n in range(100)) == 20


def test_without_a_password_everybody_has_the_same_session() -> None:
    logins = Logins(None, Clock())
    assert logins.session("") is not None
    assert logins.session("") is logins.session("x")
