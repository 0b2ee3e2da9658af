"""Reference cycles are freed regularly; objects from the start are not examined."""

import gc
import time
import weakref
from collections.abc import Iterator

import pytest

from daemon.system.memory import GarbageCollector


class Cycle:
    """An object that refers to itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _thaw() -> Iterator[None]:
    try:
        yield
    finally:
        gc.unfreeze()


def test_frees_reference_cycles_after_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    collector = GarbageCollector()
    collector()
    assert gc.get_freeze_count() > 1000
    gc.disable()
    try:
        cycle = weakref.ref(Cycle())
        now += 5.0
        collector()
        assert cycle() is not None
        now += 6.0
        collector()
        assert cycle() is None
    finally:
        gc.enable()
