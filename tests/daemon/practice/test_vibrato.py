from pathlib import Path

import numpy as np
import pytest

from daemon.practice.pitch.curve import pitch_curve
from daemon.practice.vibrato import Vibrato, vibrato
from daemon.sound.sound_file import read_sound
from tests.daemon.practice.voices import tone

FIXTURE = Path(__file__).with_name("fixtures") / "vibrato-then-still-a4.flac"


def of_a_curve(sound: np.ndarray, start: float, end: float) -> Vibrato | None:
    seconds, hz = pitch_curve(sound).every_10_ms()
    inside = (seconds > start) & (seconds < end)
    return vibrato(seconds[inside], hz[inside])


def test_the_field_recording_has_vibrato_in_its_first_note_only() -> None:
    sound = read_sound(str(FIXTURE))
    first, second = of_a_curve(sound, 0.6, 4.4), of_a_curve(sound, 5.1, 8.9)
    assert first is not None
    assert first.hz == pytest.approx(5.5, abs=0.15)
    assert first.cents == pytest.approx(50.0, abs=4.0)
    assert second is None


@pytest.mark.parametrize(("rate", "extent"), [(4.5, 15.0), (5.5, 30.0), (7.0, 60.0)])
def test_vibrato_has_its_rate_and_extent(rate: float, extent: float) -> None:
    found = of_a_curve(tone(300.0, 1.2, vibrato_hz=rate, vibrato_cents=extent), 0.1, 1.1)
    assert found is not None
    assert found.hz == pytest.approx(rate, abs=0.2)
    assert found.cents == pytest.approx(extent, rel=0.15)


def test_a_bend_noise_or_a_short_note_is_no_vibrato() -> None:
    seconds = np.arange(100) / 100.0
    bend = 440.0 * 2.0 ** (np.linspace(0.0, 60.0, 100) / 1200.0)
    wander = 440.0 * 2.0 ** (np.random.default_rng(0).normal(0.0, 15.0, 100) / 1200.0)
    shaken = 440.0 * 2.0 ** (40.0 * np.sin(2.0 * np.pi * 5.0 * seconds) / 1200.0)
    assert vibrato(seconds, bend) is None
    assert vibrato(seconds, wander) is None
    assert vibrato(seconds[:40], shaken[:40]) is None
    assert vibrato(seconds, np.full(100, np.nan)) is None
    assert vibrato(seconds[:0], shaken[:0]) is None
    assert vibrato(seconds, shaken) is not None
