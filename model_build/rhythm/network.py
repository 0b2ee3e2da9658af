"""The beat network in Keras, and its weights as the daemon reads them."""

from typing import Any

import numpy as np

from daemon.practice.beats.beat_network import (
    CHANNELS,
    DILATIONS_FRAMES,
    FEATURES,
    KERNEL_FRAMES,
    SKIP,
    BeatNetwork,
)
from daemon.practice.beats.evidence import FIGURES
from model_build.rhythm.examples import Examples

_STEM_FRAMES = 3


def keras_network() -> Any:
    """Return the untrained network: standardized features (n, m, 42) to logits (n, m, 2)."""
    import keras
    from keras import layers

    features = keras.Input((None, FEATURES))
    now = layers.Conv1D(CHANNELS, _STEM_FRAMES, padding="same", activation="elu", name="stem")(
        features
    )
    skipped = []
    for dilation in DILATIONS_FRAMES:
        found = layers.Conv1D(
            CHANNELS,
            KERNEL_FRAMES,
            dilation_rate=dilation,
            padding="same",
            activation="elu",
            name=f"dilated_{dilation}",
        )(now)
        mixed = layers.Dense(CHANNELS, use_bias=False, name=f"mix_{dilation}")(found)
        now = layers.Add()([now, mixed])
        skipped.append(found)
    scaled = layers.Rescaling(SKIP)(layers.Add()(skipped))
    logits = layers.Dense(2, name="head")(layers.Add()([now, scaled]))
    return keras.Model(features, logits)


def standardization(examples: Examples) -> tuple[Any, Any]:
    """Return mean and standard deviation (42,) of the features of some examples."""
    some = examples.features[::7].astype(np.float32).reshape(-1, FEATURES)
    return some.mean(axis=0), some.std(axis=0) + np.float32(0.05)


def as_numpy(network: Any, mean: Any, deviation: Any) -> BeatNetwork:
    """Return the weights of a Keras network, for features with this mean and deviation (42,).

    The weights of the confidence are 0.
    """

    def weights(name: str) -> list[Any]:
        return [np.asarray(array, np.float32) for array in network.get_layer(name).get_weights()]

    dilated = [weights(f"dilated_{dilation}") for dilation in DILATIONS_FRAMES]
    stem, head = weights("stem"), weights("head")
    return BeatNetwork(
        mean=mean.astype(np.float32),
        deviation=deviation.astype(np.float32),
        stem=stem[0],
        stem_bias=stem[1],
        kernels=np.stack([kernel for kernel, _ in dilated]),
        biases=np.stack([bias for _, bias in dilated]),
        mixes=np.stack([weights(f"mix_{dilation}")[0] for dilation in DILATIONS_FRAMES]),
        head=head[0],
        head_bias=head[1],
        confidence=np.zeros(FIGURES + 1, np.float32),
    )
