"""Made-up recordings of three classes that any model can tell apart."""

from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 16_000
TONES_HZ = {"10": 300.0, "2": 1_000.0, "Äolsharfe": 3_000.0}


def write_tones(folder: Path, recordings: int, seed: int) -> None:
    """Write recordings of three classes; the first number of a name is its player."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(RATE_HZ // 2) / RATE_HZ
    for label, hz in TONES_HZ.items():
        (folder / label).mkdir(parents=True)
        for n in range(recordings):
            tone = np.sin(2 * np.pi * hz * rng.uniform(0.9, 1.1) * seconds)
            sound = 0.2 * tone + 0.02 * rng.normal(size=len(seconds))
            soundfile.write(folder / label / f"{n % 4}_{n}.wav", sound, RATE_HZ)
