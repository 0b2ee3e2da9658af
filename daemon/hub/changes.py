"""Decides when a changed value is worth publishing again; pure, time is an argument."""

from collections.abc import Callable
from typing import Generic, TypeVar

from daemon.hub.budget import MessageBudget

T = TypeVar("T")


class ChangeFilter(Generic[T]):
    """Remembers the value that one message last published, and decides when a new one is due.

    `differs(published, new)` returns True if the change is large enough. Such a value is due
    `seconds` after the last one, if `budget` still allows `need` messages. A value for which
    `is_urgent(published, new)` returns True is due at once, and so is the first value.
    """

    def __init__(
        self,
        differs: Callable[[T, T], bool],
        *,
        seconds: float = 0.0,
        is_urgent: Callable[[T, T], bool] | None = None,
        budget: MessageBudget | None = None,
        need: int = 0,
    ) -> None:
        self._differs = differs
        self._seconds = seconds
        self._is_urgent = is_urgent
        self._budget = budget
        self._need = need
        self._at = 0.0
        self.last: T | None = None
        """The value published last; None if there is none, or after `forget`."""

    def is_due(self, value: T, at: float) -> bool:
        """Return True if `value` should be published now.

        `at` is in seconds on any clock. The clock may start again from zero; the last value then
        counts as published long ago.
        """
        last = self.last
        if last is None or (self._is_urgent is not None and self._is_urgent(last, value)):
            return True
        return (
            not 0.0 <= at - self._at < self._seconds
            and (self._budget is None or self._budget.allows(self._need))
            and self._differs(last, value)
        )

    def differs(self, value: T) -> bool:
        """Return True if `value` differs enough from the last one, however recent that is."""
        last = self.last
        return last is None or self._differs(last, value)

    def published(self, value: T, at: float) -> None:
        """Record that `value` was published at `at`."""
        self.last, self._at = value, at

    def forget(self) -> None:
        """Make the next value due at once."""
        self.last = None
