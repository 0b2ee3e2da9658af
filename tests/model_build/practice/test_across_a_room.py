from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.hearing.scorer import level_dbfs
from model_build.practice.across_a_room import LEVEL_DBFS, across_a_room
from tests.daemon.practice.voices import scale

SOUND = scale([60, 64, 67])


@pytest.fixture
def noises(tmp_path: Path) -> list[Path]:
    """A silent file, which is passed over, and noise."""
    rng = np.random.default_rng(0)
    for name, sound in (("silent", np.zeros(8_000)), ("hiss", rng.normal(0.0, 0.1, 8_000))):
        soundfile.write(tmp_path / f"{name}.flac", sound, 16_000)
    return [tmp_path / "silent.flac", tmp_path / "hiss.flac"]


def test_a_recording_is_always_heard_in_the_same_room(noises: list[Path]) -> None:
    heard = across_a_room(SOUND, noises, number=3)
    assert heard.shape == SOUND.shape
    assert np.array_equal(heard, across_a_room(SOUND, noises, number=3))
    assert not np.array_equal(heard, across_a_room(SOUND, noises, number=4))
    assert level_dbfs(heard) == pytest.approx(LEVEL_DBFS, abs=0.1)


def test_noise_without_any_sound_is_refused(noises: list[Path]) -> None:
    with pytest.raises(ValueError, match="all noises are silent"):
        across_a_room(SOUND, noises[:1], number=0)
