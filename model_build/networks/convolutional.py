"""Networks as tables of blocks: one patch of log-mel frames in, one logit a family out."""

from typing import TYPE_CHECKING

from model_build.recipe import Block, Network

if TYPE_CHECKING:
    import keras


def network(table: Network, frames: int, bands: int, families: int) -> "keras.Model":
    """Plain convolutions over a patch, (frames, bands); their average decides, (families,).

    ReLU6 because its bounded range quantises well: Howard et al., "MobileNets" (2017).
    """
    import keras

    patch = keras.Input((frames, bands), name="patch")
    x = keras.layers.Reshape((frames, bands, 1))(patch)
    for block in table.blocks:
        x = _block(x, block)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(table.dropout)(x)
    return keras.Model(patch, keras.layers.Dense(families, name="logits")(x), name="network")


def pooled(network: "keras.Model", patches: int) -> "keras.Model":
    """The network on a window's patches, (patches, frames, bands), its logits averaged.

    What is fitted is what the daemon decides by: the window, not the patch.
    """
    import keras

    shape = network.input_shape[1:]
    window = keras.Input((patches, *shape), name="window")
    logits = network(keras.ops.reshape(window, (-1, *shape)))
    by_window = keras.ops.reshape(logits, (-1, patches, logits.shape[-1]))
    return keras.Model(window, keras.ops.mean(by_window, axis=1), name="pooled")


def multiplications(network: "keras.Model") -> int:
    """Multiply-accumulates of one patch in the convolutions and the last layer."""
    total = 0
    for layer in network.layers:
        for weight in layer.trainable_weights:
            if weight.path.endswith("kernel"):
                places = layer.output.shape[1:-1]
                total += int(weight.shape.num_elements()) * _product(places)
    return total


def _block(x: "keras.KerasTensor", block: Block) -> "keras.KerasTensor":
    import keras

    x = keras.layers.Conv2D(block.filters, 3, strides=block.stride, padding="same", use_bias=False)(
        x
    )
    return keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(x))


def _product(numbers: tuple[int, ...]) -> int:
    result = 1
    for number in numbers:
        result *= number
    return result
