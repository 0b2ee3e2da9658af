"""Fixtures for the daemon's parts: a tiny real model and computed sound."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier, load_classifier
from daemon.hearing.log_mel import FrontEnd
from daemon.hearing.model_file import Calibration, Contract, Provenance, write_contract
from daemon.sound.high_pass import HighPass
from tests.conftest import made_once

# No deadline, because a shared machine can be slow. Every run tries the same examples;
# benchmarks/fuzz.py searches at random.
settings.register_profile(
    "timbrel",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    derandomize=True,
    database=None,
)
settings.load_profile("timbrel")

FAMILIES = ("flute", "guitar", "organ")
PATCH_FRAMES = 96

Samples = NDArray[np.float32]
MakeModel = Callable[..., Path]


@pytest.fixture(scope="session")
def noise() -> Samples:
    """Twelve seconds of noise that grows from about -50 to -10 dBFS, the same in every run."""
    rng = np.random.default_rng(20_240_501)
    samples = rng.standard_normal(12 * 16_000) * np.geomspace(0.003, 0.3, 12 * 16_000)
    return samples.astype(np.float32)


def without_dc(samples: Samples) -> Samples:
    """Return the sound with its DC offset removed, as in windows."""
    filtered = samples.copy()
    HighPass().apply(filtered)
    return filtered


def buzz(seconds: float, level: float = 0.1) -> Samples:
    """Return a square wave of 4 kHz."""
    samples = np.resize(np.array([level, level, -level, -level]), round(seconds * 16_000))
    return samples.astype(np.float32)


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The contract of the tiny network: four patches per window, one second apart."""
    return Contract(
        contract_version=1,
        tflite_sha256="",
        name="tiny",
        version="1",
        front_end=FrontEnd(),
        patch_frames=PATCH_FRAMES,
        patch_starts=(2, 102, 202, 302),
        pooling="mean",
        families=FAMILIES,
        calibration=(Calibration(1.0, 0.0), Calibration(0.5, -0.25), Calibration(2.0, 0.5)),
        thresholds=(0.5, 0.6, 0.7),
        provenance=Provenance(recipe_sha256="r", corpus_sha256="c", seed=1, metrics={"f1": 0.5}),
    )


@pytest.fixture(scope="session")
def bare_tflite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An int8 network with random weights and without a contract, converted like a built model.

    All workers share one.
    """
    return made_once(tmp_path_factory, "bare.tflite", _write_bare_tflite)


def _write_bare_tflite(path: Path) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    tf = pytest.importorskip("tensorflow", reason="needs tensorflow to make a model")
    keras = tf.keras
    keras.utils.set_random_seed(1)
    inputs = keras.Input((PATCH_FRAMES, 64), batch_size=1)
    image = keras.layers.Reshape((PATCH_FRAMES, 64, 1))(inputs)
    maps = keras.layers.Conv2D(8, 3, strides=4, activation="relu")(image)
    logits = keras.layers.Dense(len(FAMILIES))(keras.layers.GlobalAveragePooling2D()(maps))
    rng = np.random.default_rng(1)

    def representative() -> Any:
        for _ in range(16):
            yield [rng.uniform(-7, 2, (1, PATCH_FRAMES, 64)).astype(np.float32)]

    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(inputs, logits))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    path.write_bytes(converter.convert())


@pytest.fixture(scope="session")
def make_model(
    tmp_path_factory: pytest.TempPathFactory, bare_tflite: Path, contract: Contract
) -> MakeModel:
    """Return a function that writes the tiny network; its arguments replace contract fields."""

    def make(**changes: Any) -> Path:
        path: Path = tmp_path_factory.mktemp("model") / "tiny.tflite"
        path.write_bytes(bare_tflite.read_bytes())
        write_contract(path, msgspec.structs.replace(contract, **changes))
        return path

    return make


@pytest.fixture(scope="session")
def model(make_model: MakeModel) -> Path:
    """The file of the tiny model."""
    return make_model()


@pytest.fixture
def classifier(model: Path) -> Classifier:
    """A classifier with the tiny model, which has not run yet."""
    return load_classifier(model)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set a time zone with daylight saving time."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        yield
    finally:
        monkeypatch.undo()
        time.tzset()
