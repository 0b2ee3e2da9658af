"""Cut the genre model's network out of YAMNet's `.tflite`, without changing a weight.

Its front end goes, because the daemon has the same one, and so do all classes but those that name a
genre and *Music*. Quantizing YAMNet's weights again instead would change its scores.
"""

from pathlib import Path
from typing import Any

import numpy as np

from daemon.errors import InputError
from daemon.hearing.model_file import GENRE
from daemon.practice.genre.genre_contract import MUSIC
from daemon.system.silenced_output import quiet_output
from model_build.networks.genres import CLASSES_OF_GENRE
from model_build.networks.yamnet import BANDS, CLASSES, EMBEDDING, PATCH_FRAMES, read_layers

_MUSIC_CLASS = 132
_CHOSEN = {**CLASSES_OF_GENRE, MUSIC: [_MUSIC_CLASS]}
CLASS_NAMES = tuple(name for name, indices in _CHOSEN.items() for _ in indices)
"""The genre of each output of the network, or `music`."""
CLASS_INDICES = tuple(index for indices in _CHOSEN.values() for index in indices)
"""YAMNet's class of each output."""

_SIGNATURE, _PATCH = "serving_default", "patch"


def cut_genre_network(base: Path) -> bytes:
    """Return a `.tflite` from a patch (1, 96, 64) to the logits `genre` (1, classes), in float32.

    Raises InputError if `base` is not YAMNet.
    """
    read_layers(base)
    with quiet_output():
        from tensorflow.lite.python import schema_py_generated as schema
        from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(base))
    (graph,) = model.subgraphs
    patches = _producing(graph, [1, PATCH_FRAMES, BANDS])
    outputs = _producing(graph, [1, CLASSES])
    if not patches or len(outputs) != len(("logits", "scores", "scores in float32")):
        raise InputError(f"base network {base}: is another YAMNet; docs/models.md says which")
    first, last = patches[-1], outputs[0]  # what makes the int8 patch, and the int8 logits
    kept = graph.operators[graph.operators.index(first) : graph.operators.index(last) + 1]
    to_float = graph.operators[-1]
    _choose_classes(model, last)
    to_float.inputs = [last.outputs[0]]
    graph.tensors[to_float.outputs[0]].shape = [1, len(CLASS_INDICES)]
    graph.operators = [*kept, to_float]
    graph.inputs, graph.outputs = [first.inputs[0]], [to_float.outputs[0]]
    _drop_unused(model)
    model.signatureDefs = [_signature(schema, graph)]
    model.metadata = None
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _producing(graph: Any, shape: list[int]) -> list[Any]:
    """Return the operators whose output has this shape, in order."""
    return [op for op in graph.operators if list(graph.tensors[op.outputs[0]].shape) == shape]


def _choose_classes(model: Any, last: Any) -> None:
    """Keep the chosen rows of the last layer's weights and of its output."""
    (graph,) = model.subgraphs
    _, kernel, bias = (graph.tensors[index] for index in last.inputs)
    for tensor, kind, columns in ((kernel, np.int8, EMBEDDING), (bias, np.int32, 1)):
        rows = np.frombuffer(bytes(model.buffers[tensor.buffer].data), kind).reshape(-1, columns)
        chosen = np.ascontiguousarray(rows[list(CLASS_INDICES)])
        model.buffers[tensor.buffer].data = np.frombuffer(chosen.tobytes(), np.uint8)
        tensor.shape = [len(chosen), *list(tensor.shape)[1:]]
    graph.tensors[last.outputs[0]].shape = [1, len(CLASS_INDICES)]


def _drop_unused(model: Any) -> None:
    """Remove tensors, buffers and kinds of operators that no operator of the graph uses."""
    (graph,) = model.subgraphs
    used = {index for op in graph.operators for index in (*op.inputs, *op.outputs)}
    tensors = {old: new for new, old in enumerate(sorted(used))}
    graph.tensors = [graph.tensors[old] for old in tensors]
    for op in graph.operators:
        op.inputs = [tensors[index] for index in op.inputs]
        op.outputs = [tensors[index] for index in op.outputs]
    graph.inputs = [tensors[index] for index in graph.inputs]
    graph.outputs = [tensors[index] for index in graph.outputs]
    # The first buffer is always an empty one.
    buffers = {old: new for new, old in enumerate(sorted({0} | {t.buffer for t in graph.tensors}))}
    model.buffers = [model.buffers[old] for old in buffers]
    for tensor in graph.tensors:
        tensor.buffer = buffers[tensor.buffer]
    kinds = {old: new for new, old in enumerate(sorted({op.opcodeIndex for op in graph.operators}))}
    model.operatorCodes = [model.operatorCodes[old] for old in kinds]
    for op in graph.operators:
        op.opcodeIndex = kinds[op.opcodeIndex]


def _signature(schema: Any, graph: Any) -> Any:
    """Return a signature that names the graph's input and output."""

    def named(name: str, index: int) -> Any:
        tensor = schema.TensorMapT()
        tensor.name, tensor.tensorIndex = name, index
        return tensor

    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = _SIGNATURE, 0
    signature.inputs = [named(_PATCH, graph.inputs[0])]
    signature.outputs = [named(GENRE, graph.outputs[0])]
    return signature
