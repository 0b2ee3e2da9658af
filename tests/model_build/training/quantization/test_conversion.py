from pathlib import Path

import keras
import numpy as np

from model_build.training.quantization.acceptance import saved_model_logits
from model_build.training.quantization.conversion import convert_to_tflite, export_saved_model


def test_conversions_give_same_logits_and_int8_is_smaller(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    patch = keras.Input((96, 64))
    x = keras.layers.Conv2D(32, 3, strides=4)(keras.layers.Reshape((96, 64, 1))(patch))
    x = keras.layers.Conv2D(64, 3, strides=2)(x)
    fitted = keras.Model(patch, keras.layers.Dense(2)(keras.layers.GlobalMaxPooling2D()(x)))
    patches = np.random.default_rng(1).standard_normal((8, 96, 64)).astype(np.float32)
    saved = export_saved_model(fitted, tmp_path / "saved")
    assert (saved / "saved_model.pb").is_file()
    by_savedmodel = saved_model_logits(saved)(patches)
    assert by_savedmodel.shape == (8, 2)
    np.testing.assert_allclose(by_savedmodel, fitted(patches), atol=1e-4)
    assert len(convert_to_tflite(saved, patches)) < 0.5 * len(convert_to_tflite(saved))
