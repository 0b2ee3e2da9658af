"""Convert a Keras network to a SavedModel, and that to a `.tflite`."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daemon.system.silenced_output import quiet_output

if TYPE_CHECKING:
    import keras


def export_saved_model(network: "keras.Model", folder: Path) -> Path:
    """Write a network with named outputs as a SavedModel to `folder`; return `folder`.

    Its input is (1, frames, bands), because the daemon runs one patch at a time; its outputs, such
    as (1, families), keep their names.
    """
    import keras

    with quiet_output():
        patch = keras.Input(batch_shape=(1, *network.input_shape[1:]), name="patch")
        alone = keras.Model(patch, network(patch, training=False))
        alone.export(folder, verbose=False)
    return folder


def convert_to_tflite(saved: Path, representative: NDArray[np.float32] | None = None) -> bytes:
    """Return a SavedModel as `.tflite`, in int8 if there are representative patches, else float32.

    `representative` is (n, frames, bands). Input and outputs are float32 in both cases. The
    network's signature keeps the names of the outputs.
    """
    import tensorflow as tf

    with quiet_output():
        converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
        if representative is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([patch[None]] for patch in representative)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        return bytes(converter.convert())
