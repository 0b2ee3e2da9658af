"""A small made-up corpus of tones, for tests of the training side."""

import csv
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from model_build.recipe import read_recipe
from model_build.run_folder import RunFolder
from model_build.training.train import train
from model_build.windows.features import make_features
from tests.conftest import CORPUS, YAMNET, made_once, named

SAMPLE_RATE_HZ = 16_000
COLUMNS = [
    "path",
    "kind",
    "split",
    "label",
    "accepts",
    "instrument",
    "source",
    "group",
    "origin",
    "pitch_midi",
    "seconds",
    "licence",
    "redistributable",
    "repository",
    "original",
    "doubt",
]
PITCHES_HZ = {"flute": (900.0, 1_000.0, 1_100.0), "organ": (150.0, 170.0, 190.0)}


def tone(hz: float, seconds: float, overtones: int) -> NDArray[np.float32]:
    time_seconds = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    parts = [np.sin(2 * np.pi * hz * n * time_seconds) / n for n in range(1, overtones + 1)]
    return np.asarray(0.2 * np.sum(parts, axis=0), np.float32)


def add_clip(
    rows: list[dict[str, str]], folder: Path, samples: NDArray[np.float32], **columns: str
) -> None:
    name = f"{columns['kind']}-{columns['label']}-{len(rows)}.wav"
    soundfile.write(folder / name, samples, SAMPLE_RATE_HZ, subtype="PCM_16")
    row = dict.fromkeys(COLUMNS, "")
    row.update(path=name, split="train", origin="real", redistributable="1", licence="CC0")
    rows.append(row | columns)


def write_manifest(folder: Path, rows: list[dict[str, str]]) -> None:
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def made_corpus(folder: Path) -> Path:
    """Write a corpus of high, pure flutes, low, rich organs, drums, speech and noise."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    rows: list[dict[str, str]] = []
    for player in range(4):
        for family, pitches in PITCHES_HZ.items():
            overtones = 1 if family == "flute" else 12
            source = f"{family}-{player}"
            split = "dev" if player == 3 else "train"
            for hz in pitches:
                sound = tone(hz + player, 4.0, overtones)
                for kind in ("phrase", "room") if split == "dev" else ("phrase",):
                    add_clip(
                        rows,
                        folder,
                        sound,
                        kind=kind,
                        label=family,
                        accepts=family,
                        source=source,
                        group=source,
                        split=split,
                    )
                add_clip(
                    rows,
                    folder,
                    tone(hz, 0.6, overtones),
                    kind="note",
                    label=family,
                    source=source,
                    group=source,
                )
        for sort in ("kick", "snare"):
            stroke = rng.standard_normal(3_000) * np.exp(-np.arange(3_000) / 400)
            add_clip(
                rows,
                folder,
                (0.2 * stroke).astype(np.float32),
                kind="drum",
                label=sort,
                source=f"kit-{player}",
                group=f"kit-{player}",
            )
        for sort in ("noise", "speech"):
            hum = (0.05 * rng.standard_normal(64_000)).astype(np.float32)
            add_clip(
                rows,
                folder,
                hum,
                kind="negative",
                label=sort,
                source=f"{sort}-{player}",
                group=f"{sort}-{player}",
                split="dev" if player == 3 else "train",
            )
    both = tone(1_000.0, 4.0, 1) + tone(150.0, 4.0, 12)
    add_clip(
        rows,
        folder,
        both,
        kind="mixture",
        label="flute;organ",
        source="duo",
        group="duo",
        split="dev",
    )
    write_manifest(folder, rows)
    return folder


TINY_RECIPE = """\
name: tiny
version: "1"
seed: 7
families: [drums, flute, organ]
origins: [real]
doubtful: true
held_fraction: 0.3
patches: {frames: 96, starts: [2, 202]}
windows: {train: 96, held: 48, negative_share: 0.25, mixture_share: 0.1, strung_share: 0.3,
  floor_share: 0.2, diversity_exponent: 0.5}
playing: {speed_semitones: [-1, 1], note_interval_seconds: [0.2, 0.6], mixture_balance_db: [-3, 3]}
room: {probability: 0.5, held_probability: 1.0, responses: 2, distance_metres: [0.5, 1.0],
  rt60_seconds: [0.2, 0.25], measured_share: 0.0}
noise: {probability: 0.5, snr_db: [10, 30], held_snr_db: [20, 30], floor_dbfs: [-80, -70]}
microphone: {probability: 0.5, peak_db: [-6, 6], high_pass_hz: [30, 100], level_dbfs: [-30, -20]}
network: {blocks: [{filters: 8, stride: 4}, {filters: 16, stride: 2}], dropout: 0.0}
training: {epochs: 3, batch_windows: 8, patches_at_once: 1, learning_rate: 0.01, weight_decay: 0.0,
  label_smoothing: 0.0, ranking_weight: 0.2, sum_probability: 0.2, masked_bands: 4,
  patience_epochs: 3}
representative_windows: 16
precision: 0.9
"""


@pytest.fixture(scope="session")
def pristine_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up corpus, shared by all tests: copy it before changing it."""
    return made_once(tmp_path_factory, "tiny-corpus", made_corpus)


@pytest.fixture(scope="session")
def pristine_features(tmp_path_factory: pytest.TempPathFactory, pristine_corpus: Path) -> Path:
    """A run folder with the tiny recipe's features of the made-up corpus, shared by all tests."""
    recipe = tmp_path_factory.mktemp("tiny") / "recipe-tiny.yaml"
    recipe.write_text(TINY_RECIPE)

    def make(folder: Path) -> None:
        make_features(recipe, pristine_corpus, RunFolder(folder), workers=1)

    return made_once(tmp_path_factory, "tiny-features", make)


@pytest.fixture(scope="session")
def pristine_training(tmp_path_factory: pytest.TempPathFactory, pristine_features: Path) -> Path:
    """The shared run folder with a fitted network."""

    def make(folder: Path) -> None:
        shutil.copytree(pristine_features, folder)
        run = RunFolder(folder)
        train(read_recipe(run.recipe), run)

    return made_once(tmp_path_factory, "tiny-training", make)


@pytest.fixture
def corpus(tmp_path: Path, pristine_corpus: Path) -> Path:
    """A copy of the made-up corpus that the test may change."""
    return Path(shutil.copytree(pristine_corpus, tmp_path / "corpus"))


@pytest.fixture
def features_run(tmp_path: Path, pristine_features: Path) -> RunFolder:
    """A copy of the run folder with features that the test may change."""
    return RunFolder(Path(shutil.copytree(pristine_features, tmp_path / "run")))


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    path = tmp_path / "recipe-tiny.yaml"
    path.write_text(TINY_RECIPE)
    return path


@pytest.fixture
def base() -> Path:
    """YAMNet's .tflite; the test is skipped without it."""
    return named("TIMBREL_YAMNET", YAMNET, "YAMNet's .tflite")


@pytest.fixture
def taught_recipe_file(recipe_file: Path) -> Path:
    """The tiny recipe with `teaching` instead of `network`."""
    text = recipe_file.read_text()
    network = next(line for line in text.splitlines() if line.startswith("network:"))
    teaching = (
        "teaching: {head_units: 8, dropout: 0.0, embedding_weight: 1.0, classes_weight: 0.3, "
        "family_weight: 1.0, trunk_share: 0.1, base_share: 0.2, known_weight: 0.5, "
        "music_weight: 0.5, embedding_values: 3}"
    )
    text = text.replace(network, teaching).replace("sum_probability: 0.2", "sum_probability: 0")
    text = text.replace("masked_bands: 4", "masked_bands: 0").replace("epochs: 3", "epochs: 1")
    text = text.replace("train: 96, held: 48", "train: 32, held: 24")  # the base is slow
    recipe_file.write_text(text.replace("learning_rate: 0.01", "learning_rate: 0.0001"))
    return recipe_file


@pytest.fixture
def real_corpus() -> Path:
    """The folder of real recordings; the test is skipped without it."""
    return named("TIMBREL_CORPUS", CORPUS, "the corpus of recordings")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
