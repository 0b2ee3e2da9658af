"""Hum of mains, by the comb of its lines."""

import numpy as np
import pytest

from daemon.practice.analysis.hum_trace import HumTrace
from tests.daemon.practice.machines import mains_hum, microwave_oven
from tests.daemon.practice.voices import RATE_HZ, Samples, hertz, silence, tone


def is_hum(sound: Samples, start_seconds: float = 0.0, end_seconds: float | None = None) -> bool:
    trace = HumTrace(60.0)
    for first in range(0, len(sound), 5_000):
        trace.push(sound[first : first + 5_000])
    return trace.is_hum(start_seconds, end_seconds or len(sound) / RATE_HZ)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mains_hz", [50.0, 59.85, 60.0])
def test_recognizes_hum_with_any_balance_of_its_lines(mains_hz: float, seed: int) -> None:
    assert is_hum(mains_hum(mains_hz, 3.0, seed))


def test_recognizes_hum_beside_a_fan() -> None:
    assert is_hum(microwave_oven(50.0, 4.0, 3), 1.5)


@pytest.mark.parametrize(
    "midis", [(31,), (35,), (43, 50, 55), (45, 49, 52), (57.2, 61.2, 64.2), (88,)]
)
def test_notes_are_no_hum(midis: tuple[float, ...]) -> None:
    # G1 and B1 lie 35 and 50 cents off the lines of 50 and 60 Hz.
    sound = sum((tone(hertz(midi), 3.0) for midi in midis), silence(3.0))
    assert not is_hum(sound)


def test_music_with_faint_hum_is_no_hum() -> None:
    hum = mains_hum(50.0, 3.0, 1, level_dbfs=-40.0)
    assert not is_hum(hum + tone(hertz(60), 3.0))


def test_a_note_after_hum_is_no_hum() -> None:
    hum = mains_hum(50.0, 4.0, 1, level_dbfs=-50.0)
    hum[2 * RATE_HZ :] += tone(hertz(60), 2.0)
    assert is_hum(hum, 0.0, 2.0)
    assert not is_hum(hum, 2.0, 4.0)


def test_silence_and_short_sounds_are_no_hum() -> None:
    assert not is_hum(silence(3.0))
    assert not is_hum(mains_hum(50.0, 0.6, 1))


def test_remembers_only_what_was_asked_for() -> None:
    trace = HumTrace(2.0)
    for _ in range(6):
        trace.push(mains_hum(50.0, 1.0, 1))
    trace.push(np.zeros(4 * RATE_HZ, np.float32))
    assert not trace.is_hum(0.0, 2.0)
    assert trace.is_hum(4.2, 6.0)
