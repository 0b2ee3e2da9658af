"""A made-up corpus of drum one-shots."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from model_build.corpus.manifest import COLUMNS, write_manifest

RATE_HZ = 16_000
_DECAYS_SECONDS = {"kick": 0.1, "snare": 0.06, "open_hat": 0.2, "closed_hat": 0.02}


def stroke(label: str, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return half a second of a drum: a low tone, noise, or bright noise, that decays."""
    seconds = np.arange(RATE_HZ // 2) / RATE_HZ
    noise = rng.normal(size=len(seconds))
    sound = {
        "kick": np.sin(2 * np.pi * rng.uniform(50, 70) * seconds),
        "snare": 0.5 * noise + np.sin(2 * np.pi * rng.uniform(180, 220) * seconds),
    }.get(label, np.diff(noise, prepend=0.0))
    made: NDArray[np.float64] = 0.2 * sound * np.exp(-seconds / _DECAYS_SECONDS[label])
    return made


def write_drum_corpus(folder: Path) -> Path:
    """Write four strokes of each drum by each of four players."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    rows = []
    for label in _DECAYS_SECONDS:
        for n in range(16):
            path = f"{label}-{n}.wav"
            soundfile.write(folder / path, stroke(label, rng), RATE_HZ)
            row = dict.fromkeys(COLUMNS, "")
            row |= {"path": path, "kind": "drum", "split": "train", "label": label}
            rows.append(row | {"group": f"player {n % 4}", "source": f"player {n % 4}"})
    write_manifest(folder, rows)
    return folder
