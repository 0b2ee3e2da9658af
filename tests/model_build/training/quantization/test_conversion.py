from pathlib import Path

import keras
import numpy as np

from daemon.hearing.classifier import load_network
from model_build.networks.named_outputs import OutputLayer, with_named_outputs
from model_build.training.quantization.acceptance import saved_model_logits
from model_build.training.quantization.conversion import convert_to_tflite, export_saved_model


def test_conversions_give_same_named_outputs_and_int8_is_smaller(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    patch = keras.Input((96, 64))
    x = keras.layers.Conv2D(32, 3, strides=4)(keras.layers.Reshape((96, 64, 1))(patch))
    x = keras.layers.Conv2D(64, 3, strides=2)(x)
    x = keras.layers.GlobalMaxPooling2D(name="embedding")(x)
    fitted = keras.Model(patch, keras.layers.Dense(2)(x))
    layer = OutputLayer(rng.standard_normal((64, 3)).astype(np.float32), np.ones(3, np.float32))
    shipped = with_named_outputs(fitted, layer)
    patches = rng.standard_normal((8, 96, 64)).astype(np.float32)
    saved = export_saved_model(shipped, tmp_path / "saved")
    assert (saved / "saved_model.pb").is_file()
    by_savedmodel = saved_model_logits(saved)(patches)
    assert by_savedmodel.shape == (8, 2)
    np.testing.assert_allclose(by_savedmodel, fitted(patches), atol=1e-4)
    small, large = convert_to_tflite(saved, patches), convert_to_tflite(saved)
    assert len(small) < 0.5 * len(large)
    found = shipped(patches)
    for network, most in ((large, 1e-4), (small, 0.1)):
        runner = load_network(network).get_signature_runner()
        outputs = [runner(patch=one[None]) for one in patches]
        for name, values in (("families", 2), ("embedding", 3)):
            converted = np.concatenate([output[name] for output in outputs])
            assert converted.shape == (8, values)
            assert converted.dtype == np.float32
            largest = float(np.abs(found[name]).max())
            np.testing.assert_allclose(converted, found[name], atol=most * largest)
