"""Convert a Keras network of the lab to int8."""

import errno
from pathlib import Path
from tempfile import TemporaryDirectory

import keras

from daemon.errors import InputError
from daemon.hearing.model_file import CLASSES
from model_build.lab.features.reading import Chunks
from model_build.training.quantization.conversion import convert_to_tflite, export_saved_model


def int8_network(network: keras.Model, representative: Chunks) -> bytes:
    """Return a network with chunks (frames, bands) in and logits (classes,) out as int8 TFLite.

    Input and output are float32; the ranges inside come from `representative` chunks. Raises
    InputError if TFLite has no int8 form of a layer, OSError with ENOSPC if the disk is full.
    """
    import tensorflow as tf

    named = keras.Model(network.inputs, {CLASSES: network.outputs[0]})
    try:
        with TemporaryDirectory() as folder:
            return convert_to_tflite(
                export_saved_model(named, Path(folder, "saved")), representative
            )
    except tf.errors.OpError as error:
        if "No space left" not in str(error):
            raise
        raise OSError(errno.ENOSPC, "no room for temporary files") from None
    except tf.lite.python.convert.ConverterError as error:
        (reason,) = str(error).strip().splitlines()[:1] or ["unknown"]
        raise InputError(f"TFLite cannot convert the network to int8: {reason}") from None
