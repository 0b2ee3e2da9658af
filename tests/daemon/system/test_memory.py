"""What holds itself is cleared within seconds; what was there before is not looked at."""

import gc
import time
import weakref
from collections.abc import Iterator

import pytest

from daemon.system.memory import GarbageCollector


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _thaw() -> Iterator[None]:
    try:
        yield
    finally:
        gc.unfreeze()


def test_reference_cycles_are_freed_after_a_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    garbage = GarbageCollector()
    garbage()
    assert gc.get_freeze_count() > 1000
    gc.disable()
    try:
        knot = weakref.ref(Knot())
        now += 5.0
        garbage()
        assert knot() is not None
        now += 6.0
        garbage()
        assert knot() is None
    finally:
        gc.enable()
