"""Steady sounds of a home, computed for measuring only: mains hum, fans, fridges, chargers.

The training has a generator of its own and must not use this one: a network is to be measured with
sounds that it did not learn.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.level import level
from model_build.augmentations.noise import coloured
from model_build.windows.home_day import Day, Passage

PASSAGE_SECONDS = (30.0, 60.0)
PAUSE_SECONDS = (4.0, 16.0)
FLOOR_DBFS = -72.0  # of a quiet room, as on a day at home
FADE_SECONDS = 0.05
HIGHEST_HZ = 7_500.0

Wave = NDArray[np.float64]
Rng = np.random.Generator


def steady_sounds(*, seed: int, seconds: float) -> Day:
    """Return `seconds` of steady sounds with pauses; the same seed gives the same sound.

    The sorts take turns. Their passages last 30 to 60 s, the last one perhaps less.
    """
    rng = np.random.default_rng(seed)
    samples = level(coloured(rng, round(seconds * SAMPLE_RATE_HZ), exponent=1.0), dbfs=FLOOR_DBFS)
    passages: list[Passage] = []
    now = rng.uniform(*PAUSE_SECONDS)
    while now < seconds - PASSAGE_SECONDS[0]:
        sort, (make, dbfs) = list(SORTS.items())[len(passages) % len(SORTS)]
        start = round(now * SAMPLE_RATE_HZ)
        size = min(round(rng.uniform(*PASSAGE_SECONDS) * SAMPLE_RATE_HZ), len(samples) - start)
        sound = level(_faded(make(rng, size)), dbfs=rng.uniform(*dbfs))
        samples[start : start + size] += sound
        end_seconds = (start + size) / SAMPLE_RATE_HZ
        passages.append(Passage(sort, (), start / SAMPLE_RATE_HZ, end_seconds))
        now = end_seconds + rng.uniform(*PAUSE_SECONDS)
    return Day(np.clip(samples, -1.0, 1.0), passages)


def _hum(rng: Rng, size: int, mains_hz: float) -> Wave:
    """Return a loudspeaker's or cable's hum: the mains frequency and its harmonics.

    The grid's frequency wanders by some hundredths of a hertz, and the even harmonics are those of
    a rectifier, which are stronger than the odd ones in half of the cases.
    """
    wander_hz = rng.uniform(0.01, 0.05) * np.sin(_angle(size, rng.uniform(0.01, 0.05)))
    turns = np.cumsum(mains_hz + wander_hz) / SAMPLE_RATE_HZ
    slope = rng.uniform(0.3, 1.6)
    favoured = int(rng.integers(2))
    wave = np.zeros(size)
    for number in range(1, int(rng.integers(3, 41))):
        strength = number**-slope * (1.0 if number % 2 == favoured else 0.3) * rng.uniform(0.2, 1.0)
        wave += strength * np.sin(2 * np.pi * (number * turns + rng.random()))
    return wave


def _fan(rng: Rng, size: int) -> Wave:
    """Return a fan: a broad band of air, and the tone of its blades over it."""
    blades_hz = rng.uniform(35.0, 260.0)
    speed = 1.0 + rng.uniform(0.0, 0.01) * np.sin(_angle(size, rng.uniform(0.05, 0.4)))
    turns = np.cumsum(blades_hz * speed) / SAMPLE_RATE_HZ
    tones = sum(
        rng.uniform(0.3, 1.0) / number * np.sin(2 * np.pi * number * turns)
        for number in range(1, int(rng.integers(2, 6)))
    )
    air = coloured(rng, size, exponent=rng.uniform(0.6, 1.8)).astype(np.float64)
    return np.asarray(air + 10.0 ** (rng.uniform(-25.0, 3.0) / 20.0) * tones)


def _fridge(rng: Rng, size: int) -> Wave:
    """Return a fridge whose compressor switches on and off, with a thud each time."""
    shaft_hz = rng.uniform(0.96, 0.99) * rng.choice([25.0, 30.0, 50.0, 60.0])
    hum = _hum(rng, size, shaft_hz * 2) + 0.4 * np.sin(_angle(size, shaft_hz))
    rattle = coloured(rng, size, exponent=1.0) * (1.0 + np.sin(_angle(size, shaft_hz)))
    running = np.zeros(size)
    thuds = np.zeros(size)
    at, is_on = 0, bool(rng.integers(2))
    while at < size:
        length = round(rng.uniform(6.0, 20.0) * SAMPLE_RATE_HZ)
        running[at : at + length] = float(is_on)
        thud = np.exp(-np.arange(8_000) / 900.0) * np.sin(_angle(8_000, rng.uniform(50.0, 110.0)))
        thuds[at : at + 8_000] += 2.0 * thud[: size - at]
        at, is_on = at + length, not is_on
    ramp = np.ones(4_000) / 4_000  # a quarter of a second
    return np.convolve(running, ramp, mode="same") * (hum + 0.3 * rattle) + thuds


def _charger(rng: Rng, size: int) -> Wave:
    """Return the whine of a charger or lamp: one or two high tones, steady or in slow bursts."""
    wave = np.zeros(size)
    for _ in range(int(rng.integers(1, 3))):
        hz = rng.uniform(1_800.0, HIGHEST_HZ)
        drift_hz = hz * rng.uniform(0.0, 0.004) * np.sin(_angle(size, rng.uniform(0.02, 0.3)))
        wave += np.sin(2 * np.pi * np.cumsum(hz + drift_hz) / SAMPLE_RATE_HZ)
    if rng.random() < 0.5:  # noqa: PLR2004 (a coin)
        burst = np.sin(_angle(size, rng.uniform(0.2, 3.0))) > rng.uniform(-0.8, 0.5)
        wave *= np.convolve(burst, np.ones(160) / 160, mode="same")
    return wave + 0.1 * np.sin(_angle(size, float(rng.choice([100.0, 120.0]))))


def _angle(size: int, hz: float) -> Wave:
    """Return the angle of a tone of `hz` at each sample, (size,), in radians."""
    return 2 * np.pi * hz * np.arange(size) / SAMPLE_RATE_HZ


def _faded(wave: Wave) -> NDArray[np.float32]:
    """Return the wave with a short fade at either end, scaled to a peak of 1."""
    fade = np.minimum(1.0, np.arange(len(wave)) / (FADE_SECONDS * SAMPLE_RATE_HZ))
    faded = wave * fade * fade[::-1]
    return np.asarray(faded / max(float(np.abs(faded).max()), 1e-9), np.float32)


SORTS: dict[str, tuple[Callable[[Rng, int], Wave], tuple[float, float]]] = {
    "hum 50 Hz": (lambda rng, size: _hum(rng, size, 50.0), (-58.0, -40.0)),
    "fan": (_fan, (-58.0, -42.0)),
    "hum 60 Hz": (lambda rng, size: _hum(rng, size, 60.0), (-58.0, -40.0)),
    "fridge": (_fridge, (-58.0, -44.0)),
    "charger": (_charger, (-62.0, -50.0)),
}
"""Each sort of sound: a function of a random generator and a number of samples, and its dBFS."""
