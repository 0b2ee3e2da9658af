"""Write the fitted note network as a model file: int8, with states and a contract."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.model_file import Provenance, write_contract
from daemon.practice.notes.front_end import NoteFrontEnd
from daemon.practice.notes.note_contract import ACTIVATION, ONSET, PITCH, NoteContract
from daemon.practice.notes.note_creation import NoteRules
from daemon.system.silenced_output import quiet_output
from model_build.notes.network import FRAMES_INPUT, NEXT_SUFFIX, build_block_network
from model_build.notes.network_table import Layer, delay_frames

if TYPE_CHECKING:
    import keras

Inputs = dict[str, NDArray[np.float32]]


def convert(
    fitted: "keras.Model",
    layers: tuple[Layer, ...],
    block: int,
    representative: Sequence[NDArray[np.float32]] = (),
) -> bytes:
    """Return the block network as `.tflite`, in int8 if there are representative clips.

    `representative` are stacked frames, (n, 264, 11) each. Inputs and outputs are float32 in both
    cases, and keep their names in the network's signature.
    """
    import tensorflow as tf

    with quiet_output(), TemporaryDirectory() as folder, warnings.catch_warnings():
        # The converter itself uses the interpreter that it warns of.
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter", UserWarning)
        network = build_block_network(fitted, layers, block)
        _save(network, Path(folder))
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if representative:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: _blocks(network, block, representative)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        return bytes(converter.convert())


def write_note_model(
    path: Path,
    network: bytes,
    layers: tuple[Layer, ...],
    *,
    name: str,
    version: str,
    block: int,
    front_end: NoteFrontEnd,
    rules: NoteRules,
    provenance: Provenance,
) -> None:
    """Write a converted block network with its contract to `path`."""
    states = [f"{layer.name}_state" for layer in layers if layer.memory_frames]
    path.write_bytes(network)
    write_contract(
        path,
        NoteContract(
            tflite_sha256="",
            name=name,
            version=version,
            front_end=front_end,
            block_frames=block,
            delay_frames=delay_frames(layers),
            frames_input=FRAMES_INPUT,
            states={state: state + NEXT_SUFFIX for state in states},
            outputs={output: output for output in (ACTIVATION, ONSET, PITCH)},
            rules=rules,
            provenance=provenance,
        ),
    )


def _save(network: "keras.Model", folder: Path) -> None:
    """Write a network with named inputs and outputs as a SavedModel, its weights as constants."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    specs = {
        name: tf.TensorSpec(tensor.shape, tf.float32, name=name)
        for name, tensor in network.input.items()
    }

    def serve(**tensors: "tf.Tensor") -> dict[str, "tf.Tensor"]:
        made: dict[str, tf.Tensor] = network(tensors, training=False)
        return made

    # Otherwise the quantizer runs the network without its weights.
    constant = convert_variables_to_constants_v2(tf.function(serve).get_concrete_function(**specs))
    entering = [tensor.name.split(":")[0] for tensor in constant.inputs]
    leaving = sorted(network.output)

    def serve_constant(**tensors: "tf.Tensor") -> dict[str, "tf.Tensor"]:
        made = constant(*(tensors[name] for name in entering))
        return dict(zip(leaving, made, strict=True))

    signature = tf.function(serve_constant).get_concrete_function(**specs)
    tf.saved_model.save(tf.Module(), str(folder), signatures={"serving_default": signature})


def _blocks(
    network: "keras.Model", block: int, clips: Sequence[NDArray[np.float32]]
) -> Iterator[Inputs]:
    """Yield the network's inputs for each block of each clip, with the states that occur."""
    import tensorflow as tf

    compiled = tf.function(network)
    for clip in clips:
        state = {
            name: np.zeros(tensor.shape, np.float32)
            for name, tensor in network.input.items()
            if name != FRAMES_INPUT
        }
        for first in range(0, len(clip) - block + 1, block):
            inputs = {FRAMES_INPUT: clip[None, first : first + block], **state}
            yield inputs
            made = compiled(inputs, training=False)
            state = {name: np.asarray(made[name + NEXT_SUFFIX]) for name in state}
