"""The tiny network of the fixture, and a computed sound to run it on."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 16_000


def sound() -> NDArray[np.float64]:
    """Return a hum with, in between, a swelling chord and a rising tone."""
    time = np.arange(52 * RATE_HZ) / RATE_HZ
    hum = 0.003 * np.sin(2 * np.pi * 100.0 * time)
    chord = sum(np.sin(2 * np.pi * 220.0 * n * time) / n for n in range(1, 30))
    swell = np.where((time >= 8) & (time < 20), (time - 8) / 12, 0.0)
    rise = np.sin(2 * np.pi * (100.0 * time + 300.0 * (time - 32) ** 2))
    rises = (time >= 32) & (time < 42)
    samples: NDArray[np.float64] = hum + 0.3 * chord * swell + 0.3 * rise * rises
    return samples


def write_sound(file: Path) -> None:
    """Write the sound as a 16-bit WAV file."""
    soundfile.write(file, sound(), RATE_HZ, subtype="PCM_16")


def make_tiny_network(path: Path) -> None:
    """Write an int8 network with random weights and no contract, as timbrel-build 0.1.0 did."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    keras: Any = tf.keras
    keras.utils.set_random_seed(1)
    inputs = keras.Input((96, 64), batch_size=1)
    image = keras.layers.Reshape((96, 64, 1))(inputs)
    maps = keras.layers.Conv2D(8, 3, strides=4, activation="relu")(image)
    logits = keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(maps))
    rng = np.random.default_rng(1)

    def representative() -> Any:
        for _ in range(16):
            yield [rng.uniform(-7, 4, (1, 96, 64)).astype(np.float32)]

    converter: Any = tf.lite.TFLiteConverter.from_keras_model(keras.Model(inputs, logits))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    path.write_bytes(converter.convert())
