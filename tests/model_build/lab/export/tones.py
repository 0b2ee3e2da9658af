"""Recordings of tones in three classes, whose names are neither identifiers nor in order."""

import csv
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 16_000
TONES_HZ = {"Äolsharfe": 3_000.0, "10": 300.0, "2": 1_000.0}
CLASSES = ["10", "2", "Äolsharfe"]
EXPERIMENT = """\
name: tones
seed: 3
data:
  layout: table
  path: {folder}/tones.csv
  file_column: file
  label_columns: [label]
front_end: {{chunk_seconds: 1, bands: 32, normalisation: training}}
model: {{kind: {kind}}}
training: {{epochs: 25, batch_chunks: 8}}
validation: {{strategy: hold-out}}
output: {{folder: {runs}}}
"""


def tone(label: str, seconds: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a tone of a class, with harmonics and noise."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hz = TONES_HZ[label] * rng.uniform(0.9, 1.1)
    sound = np.sin(2 * np.pi * hz * times) + 0.3 * np.sin(4 * np.pi * hz * times)
    made: NDArray[np.float64] = rng.uniform(0.05, 0.3) * sound + rng.normal(0, 1e-3, len(times))
    return made


def write_tones(folder: Path, recordings: int = 10) -> None:
    """Write a table and its recordings."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    with (folder / "tones.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "label"])
        for n in range(recordings):
            for number, label in enumerate(TONES_HZ):
                name = f"{n}-{number}.wav"
                soundfile.write(folder / name, tone(label, 1.5, rng), RATE_HZ)
                writer.writerow([name, label])


def write_experiment(folder: Path, runs: Path, kind: str = "mlp") -> Path:
    """Write an experiment on the tones in a folder; its run goes to the folder `runs`."""
    file = folder / "tones.yaml"
    file.write_text(EXPERIMENT.format(folder=folder, runs=runs, kind=kind), encoding="utf-8")
    return file
