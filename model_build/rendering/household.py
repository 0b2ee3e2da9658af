"""Sounds of a home that no instrument makes, computed: chance and a length in, samples out.

Each is a recipe of noise bands, decaying resonances and hums, drawn anew every time.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.noise import coloured

PEAK = 0.5
BUZZES = 0.3  # of what beeps, so much buzzes
Samples = NDArray[np.float32]
Rng = np.random.Generator


def household(sort: str, rng: Rng, seconds: float) -> Samples:
    """Samples (n,) of one of SORTS, their peak at one half of full scale."""
    samples = SORTS[sort](rng, round(seconds * SAMPLE_RATE_HZ))
    return np.asarray(PEAK * samples / max(float(np.abs(samples).max()), 1e-9), np.float32)


def _hum(rng: Rng, size: int) -> Samples:
    """A transformer: the mains' harmonics."""
    mains_hz = rng.choice([50.0, 60.0])
    harmonics = np.arange(1, 13)[:, None]
    weights = rng.uniform(0.0, 1.0, harmonics.shape) / harmonics ** rng.uniform(0.5, 1.5)
    tones = np.sin(2 * np.pi * harmonics * mains_hz * _time(size) + 6.3 * rng.random((12, 1)))
    return _samples((weights * tones).sum(axis=0)) + 0.02 * _noise(rng, size, 1.0)


def _hiss(rng: Rng, size: int) -> Samples:
    """Noise of any colour, slowly louder and softer."""
    return _samples(_noise(rng, size, rng.uniform(0.0, 2.0)) * _drift(rng, size, 0.3, 0.5))


def _fan(rng: Rng, size: int) -> Samples:
    """Air, its loudness beating with the blades, over a motor's low note."""
    blades_hz = rng.uniform(8.0, 120.0)
    air = _noise(rng, size, rng.uniform(0.8, 2.0))
    beating = 1.0 + rng.uniform(0.05, 0.4) * np.sin(2 * np.pi * blades_hz * _time(size))
    return _samples(air * beating + rng.uniform(0.0, 0.4) * _motor(rng, size, blades_hz * 2))


def _vacuum(rng: Rng, size: int) -> Samples:
    """Rushing air and a motor's whine that bends as the nozzle moves."""
    turns_hz = rng.uniform(150.0, 420.0) * (1.0 + 0.05 * (_drift(rng, size, 0.8, 1.0) - 1.0))
    return _noise(rng, size, rng.uniform(0.3, 1.0)) + rng.uniform(0.1, 0.5) * _whine(turns_hz)


def _hair_dryer(rng: Rng, size: int) -> Samples:
    """Hotter and higher than a vacuum cleaner, switched between two speeds."""
    fast = np.arange(size) > rng.uniform(0.2, 1.0) * size
    turns_hz = rng.uniform(250.0, 500.0) * np.where(fast, 1.0, rng.uniform(0.6, 1.0))
    return _noise(rng, size, 0.2) + rng.uniform(0.05, 0.3) * _whine(turns_hz)


def _washing_machine(rng: Rng, size: int) -> Samples:
    """A drum that turns with water in it: thuds and splashes over a motor."""
    turn_hz = rng.uniform(0.6, 2.5)
    thuds = _repeated(rng, size, lambda: _knock(rng, 60.0, 200.0, 0.08), turn_hz, jitter=0.1)
    splash = _noise(rng, size, 1.0) * (1.0 + np.sin(2 * np.pi * turn_hz * _time(size)))
    return _samples(thuds + rng.uniform(0.05, 0.3) * splash + 0.3 * _motor(rng, size, 100.0))


def _fridge(rng: Rng, size: int) -> Samples:
    """A compressor's low rattle."""
    hum = _hum(rng, size) + 0.5 * _noise(rng, size, 2.0)
    return _samples(hum * (1.0 + 0.3 * np.sin(2 * np.pi * rng.uniform(10.0, 25.0) * _time(size))))


def _water(rng: Rng, size: int) -> Samples:
    """A tap or a shower: bright noise full of bubbles."""
    bubbles = _strewn(rng, size, lambda: _bubble(rng), rng.uniform(5.0, 60.0))
    return _noise(rng, size, rng.uniform(0.0, 0.8)) + rng.uniform(0.5, 4.0) * bubbles


def _rain(rng: Rng, size: int) -> Samples:
    """Drops on a window pane."""
    drops = _strewn(rng, size, lambda: _knock(rng, 1500.0, 6500.0, 0.004), rng.uniform(20.0, 200.0))
    return 0.1 * _noise(rng, size, 0.5) + drops


def _taps(rng: Rng, size: int) -> Samples:
    """Fingers on a table."""
    rate_hz = rng.uniform(2.0, 9.0)
    return _repeated(rng, size, lambda: _knock(rng, 200.0, 1500.0, 0.02), rate_hz, jitter=0.5)


def _knocks(rng: Rng, size: int) -> Samples:
    """Knuckles on a door, a few at a time."""
    low_hz = rng.uniform(100.0, 250.0)
    knocks = _repeated(
        rng, size, lambda: _knock(rng, low_hz, 4 * low_hz, 0.04), rng.uniform(3.0, 6.0), jitter=0.1
    )
    pause = np.arange(size) / SAMPLE_RATE_HZ % rng.uniform(1.5, 3.0) > rng.uniform(0.7, 1.3)
    return _samples(np.where(pause, 0.0, knocks)) + 1e-3 * _noise(rng, size, 1.0)


def _typing(rng: Rng, size: int) -> Samples:
    """A keyboard for letters: short clicks, each key a little different."""
    return _strewn(rng, size, lambda: _knock(rng, 1200.0, 7000.0, 0.006), rng.uniform(4.0, 12.0))


def _clock(rng: Rng, size: int) -> Samples:
    """Tick and tock."""
    low_hz, seconds = rng.uniform(800.0, 3000.0), rng.uniform(0.003, 0.01)
    tick = _knock(rng, low_hz, 2 * low_hz, seconds)
    return _repeated(rng, size, lambda: tick, float(rng.choice([1.0, 2.0, 4.0])), jitter=0.0)


def _steps(rng: Rng, size: int) -> Samples:
    """Someone walks: thuds, with the sole's scrape after each."""

    def step() -> NDArray[np.float64]:
        thud = _knock(rng, 60.0, 300.0, 0.05)
        scrape = _noise(rng, len(thud), 0.5) * np.exp(-_time(len(thud)) / 0.06)
        return thud + rng.uniform(0.02, 0.2) * scrape

    return _repeated(rng, size, step, rng.uniform(1.3, 2.4), jitter=0.1)


def _dishes(rng: Rng, size: int) -> Samples:
    """Plates, cutlery and glasses put together in no rhythm."""
    clinks = _strewn(rng, size, lambda: _knock(rng, 1500.0, 7500.0, 0.04), rng.uniform(1.0, 6.0))
    return clinks + 0.005 * _noise(rng, size, 0.6)


def _slams(rng: Rng, size: int) -> Samples:
    """Doors, drawers, things that fall: one or two bangs."""

    def bang() -> NDArray[np.float64]:
        knock = _knock(rng, 40.0, 400.0, rng.uniform(0.05, 0.2))
        return knock + _noise(rng, len(knock), 1.0) * np.exp(-_time(len(knock)) / 0.08)

    return _strewn(rng, size, bang, rng.uniform(0.3, 1.0)) + 1e-3 * _noise(rng, size, 1.0)


def _rustle(rng: Rng, size: int) -> Samples:
    """Paper, bags, clothes: bright noise in bursts."""
    bursts = np.maximum(0.0, _drift(rng, size, 12.0, 2.0) - 1.0) ** 2
    crackle = _strewn(rng, size, lambda: _knock(rng, 2000.0, 7500.0, 0.002), 60.0)
    return _samples(bursts * (_noise(rng, size, 0.2) + 2.0 * crackle)) + 1e-3 * _noise(rng, size, 0)


def _fire(rng: Rng, size: int) -> Samples:
    """Crackling over a low roar."""
    cracks = _strewn(rng, size, lambda: _knock(rng, 800.0, 7000.0, 0.003), rng.uniform(5.0, 25.0))
    return cracks + rng.uniform(0.02, 0.1) * _noise(rng, size, 1.6)


def _beeps(rng: Rng, size: int) -> Samples:
    """An oven, a lorry, an alarm clock: one pitch, on and off for ever."""
    period_seconds = rng.uniform(0.15, 1.2)
    on = _time(size) % period_seconds < rng.uniform(0.3, 0.7) * period_seconds
    tone = np.sin(2 * np.pi * rng.uniform(900.0, 4000.0) * _time(size))
    buzz = np.sign(tone) if rng.random() < BUZZES else tone
    return _samples(np.where(on, buzz, 0.0)) + 0.003 * _noise(rng, size, 1.0)


SORTS: dict[str, Callable[[Rng, int], Samples]] = {
    "beeps": _beeps,
    "clock": _clock,
    "dishes": _dishes,
    "fan": _fan,
    "fire": _fire,
    "fridge": _fridge,
    "hair-dryer": _hair_dryer,
    "hiss": _hiss,
    "hum": _hum,
    "knocks": _knocks,
    "rain": _rain,
    "rustle": _rustle,
    "slams": _slams,
    "steps": _steps,
    "taps": _taps,
    "typing": _typing,
    "vacuum": _vacuum,
    "washing-machine": _washing_machine,
    "water": _water,
}


def _time(size: int) -> NDArray[np.float64]:
    """Seconds, (size,)."""
    return np.arange(size) / SAMPLE_RATE_HZ


def _samples(values: NDArray[np.floating]) -> Samples:
    return np.asarray(values, np.float32)


def _noise(rng: Rng, size: int, exponent: float) -> Samples:
    return coloured(rng, size, exponent=exponent)


def _drift(rng: Rng, size: int, rate_hz: float, depth: float) -> NDArray[np.float64]:
    """A gain about 1 that wanders about so many times a second."""
    knots = max(4, round(size / SAMPLE_RATE_HZ * rate_hz) + 2)
    values = np.maximum(0.0, 1.0 + depth * rng.uniform(-1.0, 1.0, knots))
    return np.interp(np.linspace(0.0, knots - 1.0, size), np.arange(knots), values)


def _whine(turns_hz: NDArray[np.float64]) -> Samples:
    turns = np.cumsum(turns_hz) / SAMPLE_RATE_HZ
    harmonics = [np.sin(2 * np.pi * turns * n) / n for n in range(1, 8)]
    return _samples(np.sum(harmonics, axis=0))


def _motor(rng: Rng, size: int, turns_hz: float) -> Samples:
    return _whine(turns_hz * (1.0 + 0.02 * (_drift(rng, size, 2.0, 1.0) - 1.0)))


def _knock(rng: Rng, low_hz: float, high_hz: float, seconds: float) -> NDArray[np.float64]:
    """A click and the inharmonic ring of what was hit, peak about 1."""
    time = _time(round(10 * seconds * SAMPLE_RATE_HZ) + 1)
    ring_hz = np.exp(rng.uniform(np.log(low_hz), np.log(high_hz), (6, 1)))
    ring_seconds = seconds * rng.uniform(0.3, 1.0, (6, 1))
    ring = (np.sin(2 * np.pi * ring_hz * time) * np.exp(-time / ring_seconds)).sum(axis=0)
    click = rng.standard_normal(len(time)) * np.exp(-time / 0.002)
    return np.asarray((click + ring) / 3.0)


def _bubble(rng: Rng) -> NDArray[np.float64]:
    """A drop's pitch rises as its bubble closes."""
    time = _time(round(0.05 * SAMPLE_RATE_HZ))
    hz = rng.uniform(400.0, 2500.0) * (1.0 + rng.uniform(2.0, 12.0) * time)
    return np.asarray(np.sin(2 * np.pi * hz * time) * np.exp(-time / rng.uniform(0.005, 0.02)))


def _repeated(
    rng: Rng,
    size: int,
    sound: Callable[[], NDArray[np.float64]],
    rate_hz: float,
    *,
    jitter: float,
) -> Samples:
    """The sound so often a second, each up to `jitter` of the interval late and not as loud."""
    interval = SAMPLE_RATE_HZ / rate_hz
    starts = np.arange(rng.uniform(0.0, interval), size, interval)
    return _placed(rng, size, sound, starts + jitter * interval * rng.random(len(starts)))


def _strewn(
    rng: Rng, size: int, sound: Callable[[], NDArray[np.float64]], rate_hz: float
) -> Samples:
    """The sound about so often a second, at random, once at least."""
    count = 1 + int(rng.poisson(rate_hz * size / SAMPLE_RATE_HZ))
    return _placed(rng, size, sound, rng.uniform(0.0, 0.95 * size, count))


def _placed(
    rng: Rng,
    size: int,
    sound: Callable[[], NDArray[np.float64]],
    starts: NDArray[np.float64],
) -> Samples:
    samples = np.zeros(size)
    for start in starts.astype(int):
        placed = sound()[: max(0, size - start)]
        samples[start : start + len(placed)] += rng.uniform(0.3, 1.0) * placed
    return _samples(samples)
