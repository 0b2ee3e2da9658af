"""Drums and machines computed here, for the tests of the tempo."""

import numpy as np

from tests.daemon.conftest import Samples

RATE_HZ = 16_000


def drums(lines: dict[str, str], steps_a_minute: float, seconds: float, seed: int = 1) -> Samples:
    """Repeat a bar of kick, snare and hat; a character is a step, x a stroke."""
    rng = np.random.default_rng(seed)
    time = np.arange(RATE_HZ // 4) / RATE_HZ
    hiss = rng.normal(0.0, 1.0, len(time))
    strokes = {
        "kick": np.sin(2 * np.pi * (50 * time - 4 * np.exp(-time / 0.02))) * np.exp(-time / 0.08),
        "snare": 0.4 * hiss * np.exp(-time / 0.06) + np.sin(1_200 * time) * np.exp(-time / 0.05),
        "hat": 0.25 * np.diff(hiss, prepend=0.0) * np.exp(-time / 0.02),
    }
    samples = np.zeros(round(seconds * RATE_HZ) + len(time))
    step_seconds = 60.0 / steps_a_minute
    for name, line in lines.items():
        for step in range(int(seconds / step_seconds)):
            if line[step % len(line)] == "x":
                start = round((step * step_seconds + 0.05) * RATE_HZ)
                samples[start : start + len(time)] += 0.3 * strokes[name]
    kept: Samples = samples[: round(seconds * RATE_HZ)].astype(np.float32)
    return kept


def chords(steps_a_minute: float, steps: str, seconds: float) -> Samples:
    """A plucked chord at each x and a single note of it at each dot."""
    time = np.arange(RATE_HZ) / RATE_HZ
    samples = np.zeros(round(seconds * RATE_HZ) + len(time))
    step_seconds = 60.0 / steps_a_minute
    for step in range(int(seconds / step_seconds)):
        strong = steps[step % len(steps)] == "x"
        pitches = (48, 60, 64, 67) if strong else ((64, 67)[step % 2],)
        start = round((step * step_seconds + 0.05) * RATE_HZ)
        for pitch in pitches:
            hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
            for harmonic in range(1, 6):
                tone = np.sin(2 * np.pi * harmonic * hz * time) / harmonic
                samples[start : start + len(time)] += 0.06 * tone * np.exp(-time * harmonic / 0.5)
    kept: Samples = samples[: round(seconds * RATE_HZ)].astype(np.float32)
    return kept


def fridge(seconds: float, seed: int = 2) -> Samples:
    """Hum of 50 Hz and its harmonics with a slow beat, over soft noise."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 50.0 * k * time + k) / k for k in (1, 2, 3, 4, 6, 8))
    beat = 1.0 + 0.2 * np.sin(2 * np.pi * 0.7 * time)
    noise = np.random.default_rng(seed).normal(0.0, 0.004, len(time))
    kept: Samples = (0.03 * hum * beat + noise).astype(np.float32)
    return kept


def fan(seconds: float, seed: int = 3) -> Samples:
    """Brown noise that the blades modulate 23 times a second."""
    count = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(0.0, 1.0, count))
    noise = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)) / 800.0, 1.0), count)
    blades = 1.0 + 0.3 * np.sin(2 * np.pi * 23.0 * np.arange(count) / RATE_HZ)
    kept: Samples = (0.1 * noise / noise.std() * blades).astype(np.float32)
    return kept
