"""Steady tones of a home, computed: mains hum, transformers, fridges, fans, chargers, whines.

They sound for hours and have a pitch, so a network that never heard them takes them for long notes.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.rendering.household.signals import (
    Rng,
    Samples,
    as_samples,
    drift,
    motor,
    noise,
    time_seconds,
)

_MAINS_HZ = (50.0, 60.0)
_MAINS_ERROR = 0.002  # of the grid's frequency
_HIGHEST_HZ = 7_000.0
_SWITCH_SECONDS = 0.02


def steady_tone(rng: Rng, size: int) -> Samples:
    """Return samples (size,) of a random steady tone, of RMS 1, over a random floor of noise."""
    make = _TONES[rng.integers(len(_TONES))]
    tone = _unit(make(rng, size) * _slow_changes(rng, size))
    floor_db = rng.uniform(-50.0, 0.0)
    floor = noise(rng, size, rng.uniform(0.0, 2.0)) * 10.0 ** (floor_db / 20.0)
    return _unit(tone + floor)


def _mains_hum(rng: Rng, size: int) -> NDArray[np.float64]:
    """Return a cable's or an amplifier's hum: the mains frequency and few or many harmonics."""
    mains_hz = _mains(rng)
    count = int(rng.integers(1, 25))
    step = int(rng.choice([1, 1, 2]))  # all harmonics, or only the odd ones
    return _partials(rng, size, mains_hz, np.arange(1, 1 + step * count, step))


def _transformer(rng: Rng, size: int) -> NDArray[np.float64]:
    """Return a transformer or a neon tube: harmonics of twice the mains frequency."""
    return _partials(rng, size, 2 * _mains(rng), np.arange(1, int(rng.integers(2, 40))))


def _fridge(rng: Rng, size: int) -> NDArray[np.float64]:
    """Return a compressor: a motor slightly slower than the mains, its hum, and a slow beat."""
    mains_hz = _mains(rng)
    turns_hz = mains_hz / rng.choice([1.0, 2.0]) * rng.uniform(0.93, 1.0)
    both = _partials(rng, size, mains_hz, np.arange(1, int(rng.integers(3, 14))))
    both += rng.uniform(0.3, 2.0) * _partials(rng, size, turns_hz, np.arange(1, 12))
    beat_hz = rng.uniform(0.3, 25.0)
    beating = 1.0 + rng.uniform(0.0, 0.5) * np.sin(2 * np.pi * beat_hz * time_seconds(size))
    return np.asarray(both * beating)


def _fan(rng: Rng, size: int) -> NDArray[np.float64]:
    """Return a fan: the passing of its blades and the motor, as tones over moving air."""
    turns_hz = rng.uniform(8.0, 60.0)
    blades_hz = turns_hz * rng.integers(3, 10)
    tones = motor(rng, size, blades_hz) + rng.uniform(0.0, 1.0) * motor(rng, size, turns_hz)
    air = noise(rng, size, rng.uniform(0.6, 2.0))
    flutter = 1.0 + rng.uniform(0.0, 0.4) * np.sin(2 * np.pi * turns_hz * time_seconds(size))
    return np.asarray(rng.uniform(0.05, 1.0) * tones + air * flutter)


def _ventilation(rng: Rng, size: int) -> NDArray[np.float64]:
    """Return air in a duct: noise with a few resonances, each a dull tone."""
    spectrum = np.fft.rfft(noise(rng, size, rng.uniform(0.5, 2.0)))
    hz = np.fft.rfftfreq(size, 1.0 / SAMPLE_RATE_HZ)
    gain = np.full(len(hz), 0.1)
    for _ in range(rng.integers(1, 5)):
        centre_hz = np.exp(rng.uniform(np.log(60.0), np.log(1500.0)))
        width_hz = centre_hz / rng.uniform(10.0, 80.0)
        gain += 1.0 / (1.0 + ((hz - centre_hz) / width_hz) ** 2)
    return np.asarray(np.fft.irfft(spectrum * gain, size))


def _whine(rng: Rng, size: int) -> NDArray[np.float64]:
    """Return a charger, a screen or a ringing ear: one to four pure tones, not harmonic."""
    time = time_seconds(size)
    tones = np.zeros(size)
    for _ in range(rng.integers(1, 5)):
        hz = np.exp(rng.uniform(np.log(150.0), np.log(_HIGHEST_HZ)))
        depth, rate_hz = rng.uniform(0.0, 0.004), rng.uniform(0.05, 2.0)
        phase = 2 * np.pi * hz * (time + depth * np.sin(2 * np.pi * rate_hz * time) / rate_hz)
        tones += rng.uniform(0.1, 1.0) * np.sin(phase + rng.uniform(0.0, 2 * np.pi))
    return tones


def _dimmer(rng: Rng, size: int) -> NDArray[np.float64]:
    """Return the buzz of a dimmer or a power supply: short pulses at twice the mains frequency."""
    pulses = (2 * _mains(rng) * time_seconds(size) + rng.random()) % 1.0
    buzz = np.exp(-pulses / rng.uniform(0.01, 0.2))
    return np.asarray(buzz - buzz.mean())


_TONES: tuple[Callable[[Rng, int], NDArray[np.float64]], ...] = (
    *(_mains_hum, _mains_hum, _transformer, _fridge, _fan, _ventilation, _whine, _dimmer),
)


def _mains(rng: Rng) -> float:
    return float(rng.choice(_MAINS_HZ) * (1.0 + rng.uniform(-_MAINS_ERROR, _MAINS_ERROR)))


def _partials(
    rng: Rng, size: int, fundamental_hz: float, numbers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the sum of the given harmonics, of random weights that fall with their number."""
    audible = numbers[numbers * fundamental_hz < _HIGHEST_HZ]
    falling = rng.uniform(0.3, 2.0)
    turns = 2 * np.pi * fundamental_hz * time_seconds(size)
    total = np.zeros(size)
    for number in audible:
        weight = rng.uniform(0.0, 1.0) / number**falling
        total += weight * np.sin(number * turns + rng.uniform(0.0, 2 * np.pi))
    return total


def _slow_changes(rng: Rng, size: int) -> NDArray[np.float64]:
    """Return a gain, (size,): steady, drifting, or switched on or off once."""
    change = rng.choice(["none", "drift", "switch"], p=[0.6, 0.25, 0.15])
    if change == "none":
        return np.ones(size)
    if change == "drift":
        return drift(rng, size, rng.uniform(0.2, 2.0), rng.uniform(0.05, 0.5))
    first, second = rng.permutation([0.0, 1.0])
    gain = np.where(np.arange(size) < rng.uniform(0.2, 0.8) * size, first, second)
    ramp = round(_SWITCH_SECONDS * SAMPLE_RATE_HZ)
    return np.convolve(gain, np.ones(ramp) / ramp, mode="same")


def _unit(samples: NDArray[np.floating]) -> Samples:
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    return as_samples(samples / max(rms, 1e-9))
