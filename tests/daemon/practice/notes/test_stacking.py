import numpy as np
import pytest

from daemon.practice.notes.front_end import NoteFrontEnd
from daemon.practice.notes.log_frequency import frames_of
from daemon.practice.notes.stacking import key_levels_db, stacked
from tests.daemon.practice.notes.notes_sounds import SAMPLE_RATE_HZ

FRONT_END = NoteFrontEnd()


def test_channels_hold_the_harmonics_of_a_bin() -> None:
    frames = np.arange(2 * 293 * 2, dtype=np.float32).reshape(2, 293, 2)
    made = stacked(frames, FRONT_END)
    assert made.shape == (2, 264, 11)
    for channel, shift in enumerate((-36, 0, 36, 57, 72, 84, 93, 101)):
        assert made[1, 150, channel] == frames[1, 150 + shift if 150 + shift < 293 else 0, 0]
    for channel, shift in enumerate((0, 36, 57), 8):
        assert made[1, 150, channel] == frames[1, 150 + shift, 1]
    assert made[0, 3, 0] == 0.0
    assert made[0, 263, 2] == 0.0


def test_key_has_the_level_of_its_sine() -> None:
    time = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    sound = (0.1 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    levels = key_levels_db(frames_of(sound), FRONT_END)
    assert levels.shape == (51, 88)
    assert levels[25, 69 - 21] == pytest.approx(-20.5, abs=2.5)  # the sine has -23 dBFS
    assert levels[25, 40 - 21] < -60


def test_silence_has_the_lowest_level() -> None:
    assert (key_levels_db(np.zeros((1, 293, 2), np.float32), FRONT_END) == -200).all()
