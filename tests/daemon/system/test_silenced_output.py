"""Outputs are silenced for as long as anybody wants it, and come back."""

import os
from contextlib import ExitStack

import pytest

from daemon.system.silenced_output import quiet_output


def test_outputs_come_back_when_overlapping_threads_are_done(
    capfd: pytest.CaptureFixture[str],
) -> None:
    first, second = ExitStack(), ExitStack()
    # As on two threads: the one that began first is done first.
    first.enter_context(quiet_output())
    second.enter_context(quiet_output())
    first.close()
    os.write(1, b"hidden\n")
    os.write(2, b"hidden\n")
    second.close()
    os.write(1, b"shown\n")
    os.write(2, b"shown, too\n")
    assert capfd.readouterr() == ("shown\n", "shown, too\n")
