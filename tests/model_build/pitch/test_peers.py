"""Test the other programs that the pitch is compared with."""

import fcntl
import threading
from pathlib import Path

import pytest

from model_build.pitch import peers


def test_only_one_process_compiles_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = threading.Event()
    monkeypatch.setattr(peers, "_call_peers", compiled.set)
    with Path(peers.__file__).open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        waiting = threading.Thread(target=peers.compile_peers)
        waiting.start()
        assert not compiled.wait(0.3)
    waiting.join(10.0)
    assert compiled.is_set()
