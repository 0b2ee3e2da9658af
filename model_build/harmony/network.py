"""The harmoniser's network: dilated convolutions over the melody and the earlier beats.

On each beat it gives the scores of the bass, then of the tenor given the bass, then of the alto
given both, so that their product is one joint event. All convolutions are without padding: a
beat is seen with `REACH_BEATS` of melody on both sides and `HISTORY_BEATS` of earlier beats.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from daemon.practice.harmoniser.features import FEATURES, HISTORY_BEATS, REACH_BEATS
from daemon.practice.harmoniser.voices import PITCH_CLASS, STEPS_PER_BEAT, SYMBOLS

_DILATIONS = (1, 2, 4, 8)
_CLASSES = np.eye(13, dtype=np.float32)[PITCH_CLASS]
"""The pitch class of each symbol as a one-hot vector, (SYMBOLS, 13)."""


class PitchEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """The embedding of a one-hot symbol: the sum of those of the pitch and of its pitch class."""

    def __init__(self, size: int) -> None:
        super().__init__()
        normal = keras.initializers.RandomNormal
        self.by_pitch = self.add_weight((SYMBOLS, size), normal(stddev=0.3))
        self.by_class = self.add_weight((13, size), normal(stddev=0.6))

    def call(self, one_hot: Any) -> Any:
        """Return the embedding, (…, size), of one-hot symbols, (…, SYMBOLS)."""
        return keras.ops.matmul(one_hot, self.by_pitch + keras.ops.matmul(_CLASSES, self.by_class))


class PitchScores(keras.layers.Layer):  # type: ignore[misc]
    """Scores of the symbols: the sum of those of the pitch and of its pitch class."""

    def __init__(self, inputs: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.hidden = keras.layers.Dense(hidden, activation="relu")
        self.dropout = keras.layers.Dropout(dropout)
        self.by_pitch = self.add_weight((hidden, SYMBOLS))
        self.by_class = self.add_weight((hidden, 13))
        self.bias = self.add_weight((SYMBOLS,), "zeros")
        self.hidden.build((None, inputs))

    def call(self, seen: Any, *, training: bool) -> Any:
        """Return the scores, (…, SYMBOLS)."""
        hidden = self.dropout(self.hidden(seen), training=training)
        kernel = self.by_pitch + keras.ops.matmul(self.by_class, _CLASSES.T)
        return keras.ops.matmul(hidden, kernel) + self.bias


class Dilated(keras.layers.Layer):  # type: ignore[misc]
    """A residual block with a dilated convolution over beats, without padding.

    `taps` 3 sees the beat and one on either side, 2 the beat and one before it.
    """

    def __init__(self, channels: int, dilation: int, taps: int, dropout: float) -> None:
        super().__init__()
        self.dilation, self.taps = dilation, taps
        self.wide = keras.layers.Dense(channels, activation="relu")
        self.point = keras.layers.Dense(channels)
        self.dropout = keras.layers.Dropout(dropout)
        self.wide.build((None, taps * channels))
        self.point.build((None, channels))

    def call(self, beats: Any, *, training: bool) -> Any:
        """Return (batch, beats - (taps - 1) · dilation, channels)."""
        left = beats.shape[1] - (self.taps - 1) * self.dilation
        active = keras.ops.relu(beats)
        starts = [tap * self.dilation for tap in range(self.taps)]
        seen = keras.ops.concatenate([active[:, s : s + left] for s in starts], axis=-1)
        kept = self.dilation if self.taps == 3 else starts[-1]  # noqa: PLR2004
        new = self.dropout(self.point(self.wide(seen)), training=training)
        return beats[:, kept : kept + left] + new


class HarmonyNetwork:
    """The layers of the network. Symbols are one-hot vectors, zero outside the piece."""

    def __init__(self, *, channels: int, embedding: int, hidden: int, dropout: float) -> None:
        self.soprano = PitchEmbedding(embedding)
        self.voices = [PitchEmbedding(embedding) for _ in range(3)]
        self.dropout = keras.layers.Dropout(dropout)
        self.melody_in = keras.layers.Dense(channels)
        self.melody_in.build((None, STEPS_PER_BEAT * embedding + FEATURES))
        self.melody_blocks = [Dilated(channels, d, 3, dropout) for d in _DILATIONS]
        self.past_in = keras.layers.Dense(channels)
        self.past_in.build((None, channels + 4 * embedding))
        self.past_blocks = [Dilated(channels, d, 2, dropout) for d in _DILATIONS]
        size = 2 * channels + 5 * embedding
        self.scores = [
            PitchScores(size + voice * embedding, hidden, dropout * 0.7) for voice in range(3)
        ]
        self.code_size, self.state_size = channels, size

    @property
    def layers(self) -> list[Any]:
        """All layers that have weights."""
        return [
            *(self.soprano, *self.voices, self.melody_in, *self.melody_blocks),
            *(self.past_in, *self.past_blocks, *self.scores),
        ]

    @property
    def variables(self) -> list[Any]:
        """The weights of all layers."""
        return [variable for layer in self.layers for variable in layer.trainable_variables]

    def melody(self, steps: Any, features: Any, *, training: bool = False) -> Any:
        """Return the codes (batch, beats - 2 · REACH_BEATS, channels) of a melody.

        `steps` is (batch, beats, 4, SYMBOLS), `features` (batch, beats, FEATURES).
        """
        shape = (-1, steps.shape[1], STEPS_PER_BEAT * self.soprano.by_pitch.shape[1])
        embedded = keras.ops.reshape(self.soprano(steps), shape)
        seen = keras.ops.concatenate([embedded, features], axis=-1)
        code = self.melody_in(self.dropout(seen, training=training))
        for block in self.melody_blocks:
            code = block(code, training=training)
        return code

    def bass(self, codes: Any, past: Any, now: Any, *, training: bool = False) -> tuple[Any, Any]:
        """Return the state of each beat, (batch, beats, state_size), and the bass' scores.

        `codes` is (batch, HISTORY_BEATS - 1 + beats, channels). `past` are the symbols of bass,
        tenor, alto and soprano one beat before each of these, (…, 4, SYMBOLS); `now` the
        soprano's of the last beats, (batch, beats, SYMBOLS).
        """
        embeddings = [*self.voices, self.soprano]
        earlier = keras.ops.concatenate(
            [layer(past[:, :, voice]) for voice, layer in enumerate(embeddings)], axis=-1
        )
        seen = [codes, self.dropout(earlier, training=training)]
        recent = self.past_in(keras.ops.concatenate(seen, axis=-1))
        for block in self.past_blocks:
            recent = block(recent, training=training)
        last = slice(HISTORY_BEATS - 1, None)
        state = keras.ops.concatenate(
            [codes[:, last], recent, earlier[:, last], self.soprano(now)], axis=-1
        )
        return state, self.scores[0](state, training=training)

    def tenor(self, state: Any, bass: Any, *, training: bool = False) -> Any:
        """Return the tenor's scores, given the state and the bass, (…, SYMBOLS)."""
        seen = keras.ops.concatenate([state, self.voices[0](bass)], axis=-1)
        return self.scores[1](seen, training=training)

    def alto(self, state: Any, bass: Any, tenor: Any, *, training: bool = False) -> Any:
        """Return the alto's scores, given the state, the bass and the tenor, (…, SYMBOLS)."""
        seen = [state, self.voices[0](bass), self.voices[1](tenor)]
        return self.scores[2](keras.ops.concatenate(seen, axis=-1), training=training)


def piece_scores(
    network: HarmonyNetwork, steps: Any, features: Any, voices: Any, *, training: bool = False
) -> list[Any]:
    """Return the scores of bass, tenor and alto on each beat of a batch, given the true voices.

    `steps` (batch, CONTEXT_BEATS + beats + REACH_BEATS, 4) and `features` are those of a
    `MelodyInput`; `voices` are the symbols of bass, tenor and alto, OUTSIDE before the beginning,
    (batch, HISTORY_BEATS + beats, 3).
    """
    one_hot = tf.one_hot(steps, SYMBOLS)
    codes = network.melody(one_hot, features, training=training)
    soprano = one_hot[:, REACH_BEATS - 1 : steps.shape[1] - REACH_BEATS, 0]
    chosen = tf.one_hot(voices, SYMBOLS)
    past = tf.concat([chosen[:, :-1], soprano[:, :-1, None]], axis=2)
    now, own = soprano[:, HISTORY_BEATS:], chosen[:, HISTORY_BEATS:]
    state, bass = network.bass(codes, past, now, training=training)
    tenor = network.tenor(state, own[:, :, 0], training=training)
    return [bass, tenor, network.alto(state, own[:, :, 0], own[:, :, 1], training=training)]
