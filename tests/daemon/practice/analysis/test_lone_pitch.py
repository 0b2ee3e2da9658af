import math
from typing import NamedTuple

import numpy as np
import pytest

from daemon.practice.analysis.lone_pitch import LonePitch
from daemon.practice.pitch.periodicity import HOP_SECONDS
from daemon.sound.window import SAMPLE_RATE_HZ


class Sounding(NamedTuple):
    key: int
    onset: float
    offset: float


@pytest.mark.parametrize("block_seconds", [0.5, 4.0])
def test_remembers_a_long_block_and_the_seconds_before_it(block_seconds: float) -> None:
    seconds, key = 8.0, 48
    time = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    sound = (0.3 * np.sin(2 * np.pi * 440.0 * time)).astype(np.float32)
    pitch, spans = LonePitch(keep_seconds=1.0), [Sounding(key, 0.0, math.inf)]
    block = round(block_seconds * SAMPLE_RATE_HZ)
    for start in range(0, len(sound), block):
        pitch.push(sound[start : start + block])
        pitch.follow(spans, round((start + block) / SAMPLE_RATE_HZ / HOP_SECONDS) - 10)
    since = seconds - block_seconds - 1.0
    curve = pitch.of_key(key, since, seconds - 0.5)
    assert len(curve.hz) == round((seconds - 0.5 - since) / HOP_SECONDS) + 1
    assert curve.is_voiced.all()
    assert np.median(curve.hz) == pytest.approx(440.0, rel=1e-4)
