"""The note network in Keras: whole clips for training, and blocks with states for the daemon."""

from typing import TYPE_CHECKING

from daemon.practice.notes.note_creation import CONTOUR_BINS, KEYS
from daemon.practice.notes.stacking import STACKED_BINS, STACKED_CHANNELS
from model_build.notes.network_table import GATHERED_CHANNELS, KEY_OFFSETS, Layer

if TYPE_CHECKING:
    import keras

FRAMES_INPUT = "frames"
"""The input of stacked frames."""
STATE_SUFFIX = "_state"
"""A layer's state enters as NAME_state and leaves as NAME_state_next."""
NEXT_SUFFIX = "_next"

_STARTING_BIAS = (-3.0, -4.0, -3.0, -3.0, -3.0, 0.0, 0.0, 0.0)
"""Keys rarely sound, and notes rarely begin: outputs start near these logits."""


def build_clip_network(layers: tuple[Layer, ...], frames: int | None = None) -> "keras.Model":
    """Return a network from stacked frames (frames, 264, 11) to the logits (frames, 88, 8).

    Sound beyond the ends of a clip counts as 0 in every layer, so the outputs near the ends differ
    from those of the block network by `delay_frames` frames.
    """
    import keras

    stacked = keras.Input((frames, STACKED_BINS, STACKED_CHANNELS), name=FRAMES_INPUT)
    x = stacked
    for layer in layers:
        ahead, memory = layer.ahead_frames, layer.memory_frames
        padding = (memory - ahead, ahead), (0, 0)
        padded = keras.layers.ZeroPadding2D(padding)(x) if memory else x
        x = _apply(layer, padded, x)
    return keras.Model(stacked, x, name="clip_network")


def build_block_network(
    fitted: "keras.Model", layers: tuple[Layer, ...], block: int
) -> "keras.Model":
    """Return the fitted network for `block` frames at a time, with states and named outputs.

    Each layer with a kernel of several frames keeps the last frames of its input as its state. Its
    outputs come out `ahead_frames` later, and so does what it adds them to.
    """
    import keras

    stacked = keras.Input(batch_shape=(1, block, STACKED_BINS, STACKED_CHANNELS), name=FRAMES_INPUT)
    inputs, outputs = {FRAMES_INPUT: stacked}, {}
    x = stacked
    for layer in layers:
        memory, state_name = layer.memory_frames, layer.name + STATE_SUFFIX
        if not memory:
            x = _apply(layer, x, x)
            continue
        state = keras.Input(batch_shape=(1, memory, *x.shape[2:]), name=state_name)
        inputs[state_name] = state
        both = keras.ops.concatenate([state, x], axis=1)
        outputs[state_name + NEXT_SUFFIX] = both[:, block:]
        centre = memory - layer.ahead_frames
        x = _apply(layer, both, both[:, centre : centre + block])
    probability = keras.ops.sigmoid(x)
    outputs["activation"] = probability[..., 0]
    outputs["onset"] = probability[..., 1]
    contour = probability[..., 2 : 2 + CONTOUR_BINS]
    outputs["pitch"] = keras.ops.reshape(contour, (1, block, KEYS * CONTOUR_BINS))
    network = keras.Model(inputs, outputs, name="block_network")
    for own in fitted.layers:
        if own.weights:
            network.get_layer(own.name).set_weights(own.get_weights())
    return network


def _apply(
    layer: Layer, padded: "keras.KerasTensor", centre: "keras.KerasTensor"
) -> "keras.KerasTensor":
    """Return a layer's output; `padded` has the frames around `centre` that its kernel needs."""
    import keras

    if layer.kind == "gather":
        reduced = _convolution(f"{layer.name}_reduced", centre, (1, 1), GATHERED_CHANNELS)
        low, high = -min(KEY_OFFSETS), max(KEY_OFFSETS)
        wide = keras.layers.ZeroPadding2D(((0, 0), (low, high)))(reduced)
        gathered = keras.ops.concatenate(
            [wide[:, :, low + offset : low + offset + KEYS] for offset in KEY_OFFSETS], axis=-1
        )
        return centre + _convolution(layer.name, gathered, (1, 1), layer.channels)
    sides = layer.kernel[1] // 2
    if layer.kind == "stem":
        # The key's own bin is the middle one of its three.
        padded = keras.layers.ZeroPadding2D(((0, 0), (sides - 1, sides - 1)))(padded)
        return _convolution(layer.name, padded, layer.kernel, layer.channels, stride=CONTOUR_BINS)
    padded = keras.layers.ZeroPadding2D(((0, 0), (sides, sides)))(padded)
    if layer.kind == "head":
        head = keras.layers.Conv2D(
            layer.channels,
            layer.kernel,
            name=layer.name,
            bias_initializer=_starting_bias,
        )
        return head(padded)
    made = _convolution(layer.name, padded, layer.kernel, layer.channels, dilation=layer.dilation)
    return centre + made


def _convolution(
    name: str,
    x: "keras.KerasTensor",
    kernel: tuple[int, int],
    channels: int,
    *,
    stride: int = 1,
    dilation: int = 1,
) -> "keras.KerasTensor":
    """Return a convolution without padding, with batch norm and ReLU."""
    import keras

    convolution = keras.layers.Conv2D(
        channels,
        kernel,
        strides=(1, stride),
        dilation_rate=(dilation, 1),
        use_bias=False,
        name=name,
    )
    norm = keras.layers.BatchNormalization(name=f"{name}_norm")
    return keras.layers.ReLU()(norm(convolution(x)))


def _starting_bias(shape: tuple[int, ...], dtype: object = None) -> "keras.KerasTensor":
    import keras

    return keras.ops.convert_to_tensor(_STARTING_BIAS[: shape[0]], dtype=dtype)
