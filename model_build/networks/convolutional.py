"""A convolutional network described by a table of blocks."""

from typing import TYPE_CHECKING

from model_build.recipe import Block, Network

if TYPE_CHECKING:
    import keras


def build_network(table: Network, frames: int, bands: int, families: int) -> "keras.Model":
    """Return a network from a patch (frames, bands) to logits (families,).

    Its activations are ReLU6, because their bounded range quantizes well: Howard et al.,
    "MobileNets" (2017).
    """
    import keras

    patch = keras.Input((frames, bands), name="patch")
    x = keras.layers.Reshape((frames, bands, 1))(patch)
    for block in table.blocks:
        x = _block(x, block)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(table.dropout)(x)
    return keras.Model(patch, keras.layers.Dense(families, name="logits")(x), name="network")


def pool_patches(network: "keras.Model", patches: int) -> "keras.Model":
    """Return the network applied to a window, (patches, frames, bands), its logits averaged.

    Fitting it optimizes the decision that the daemon makes: for a window, not for a patch.
    """
    import keras

    shape = network.input_shape[1:]
    window = keras.Input((patches, *shape), name="window")
    logits = network(keras.ops.reshape(window, (-1, *shape)))
    by_window = keras.ops.reshape(logits, (-1, patches, logits.shape[-1]))
    return keras.Model(window, keras.ops.mean(by_window, axis=1), name="pooled")


def _block(x: "keras.KerasTensor", block: Block) -> "keras.KerasTensor":
    import keras

    x = keras.layers.Conv2D(block.filters, 3, strides=block.stride, padding="same", use_bias=False)(
        x
    )
    return keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(x))
