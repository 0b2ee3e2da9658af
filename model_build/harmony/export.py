"""Convert the fitted network to one int8 `.tflite` with a signature for each part."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from daemon.practice.harmoniser.features import FEATURES, HISTORY_BEATS, REACH_BEATS
from daemon.practice.harmoniser.network import BASSES, BEAMS, TENORS
from daemon.practice.harmoniser.voices import STEPS_PER_BEAT, SYMBOLS
from daemon.system.silenced_output import quiet_output
from model_build.harmony.chorales.pieces import Piece, batch_of
from model_build.harmony.network import HarmonyNetwork

_SIGNATURES = ("melody", "bass", "tenor", "alto")
_WIDTH = 2 * REACH_BEATS + 1


def _signatures(network: HarmonyNetwork) -> dict[str, Any]:
    """Return the parts of the network as functions with fixed shapes and constant weights."""
    states = (BEAMS * BASSES, BEAMS * BASSES * TENORS)
    # The converter does not find the values of variables that several signatures share.
    constants = [(v, tf.constant(v.numpy())) for v in network.variables]

    def melody(steps: Any, features: Any) -> dict[str, Any]:
        with keras.StatelessScope(state_mapping=constants):
            return {"codes": network.melody(steps, features)}

    def bass(codes: Any, past: Any, now: Any) -> dict[str, Any]:
        with keras.StatelessScope(state_mapping=constants):
            state, scores = network.bass(codes, past, now)
            return {"state": state, "scores": scores}

    def tenor(state: Any, bass: Any) -> dict[str, Any]:
        with keras.StatelessScope(state_mapping=constants):
            return {"scores": network.tenor(state, bass)}

    def alto(state: Any, bass: Any, tenor: Any) -> dict[str, Any]:
        with keras.StatelessScope(state_mapping=constants):
            return {"scores": network.alto(state, bass, tenor)}

    return {
        "melody": _concrete(
            melody, steps=(1, _WIDTH, STEPS_PER_BEAT, SYMBOLS), features=(1, _WIDTH, FEATURES)
        ),
        "bass": _concrete(
            bass,
            codes=(BEAMS, HISTORY_BEATS, network.code_size),
            past=(BEAMS, HISTORY_BEATS, 4, SYMBOLS),
            now=(BEAMS, 1, SYMBOLS),
        ),
        "tenor": _concrete(tenor, state=(states[0], network.state_size), bass=(states[0], SYMBOLS)),
        "alto": _concrete(
            alto,
            state=(states[1], network.state_size),
            bass=(states[1], SYMBOLS),
            tenor=(states[1], SYMBOLS),
        ),
    }


def _concrete(part: Callable[..., Any], **shapes: tuple[int, ...]) -> Any:
    """Return a function of named float32 inputs for these shapes."""
    specs = [tf.TensorSpec(shape, tf.float32, name=name) for name, shape in shapes.items()]
    return tf.function(part).get_concrete_function(*specs)


def to_tflite(
    network: HarmonyNetwork, pieces: Sequence[Piece], beats: int, rng: np.random.Generator
) -> bytes:
    """Return the network as int8 `.tflite`; inputs and outputs are float32.

    The ranges of its values are those on random windows of `pieces`, `beats` beats in all.
    """
    with TemporaryDirectory() as folder, quiet_output():
        saved = str(Path(folder, "saved"))
        tf.saved_model.save(tf.Module(), saved, signatures=_signatures(network))
        converter = tf.lite.TFLiteConverter.from_saved_model(saved, signature_keys=[*_SIGNATURES])
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: _examples(network, pieces, beats, rng)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        with warnings.catch_warnings():
            # For several signatures the converter itself uses TensorFlow's old interpreter.
            warnings.filterwarnings(
                "ignore", r"\s*Warning: tf.lite.Interpreter is deprecated", UserWarning
            )
            return bytes(converter.convert())


def _examples(
    network: HarmonyNetwork, pieces: Sequence[Piece], beats: int, rng: np.random.Generator
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield inputs of each signature, from windows that end at random beats."""
    rows = BEAMS * BASSES * TENORS
    for _ in range(max(1, beats // rows)):
        drawn = [pieces[index] for index in rng.integers(len(pieces), size=rows)]
        starts = [int(rng.integers(len(piece.voices))) for piece in drawn]
        batch = batch_of(drawn, [piece.key.shift for piece in drawn], starts, 1)
        steps = tf.one_hot(batch.steps, SYMBOLS).numpy()
        for row, start in enumerate(rng.integers(steps.shape[1] - _WIDTH + 1, size=rows)):
            window = slice(start, start + _WIDTH)
            melody = {"steps": steps[:, window], "features": batch.features[:, window]}
            yield "melody", {name: values[row : row + 1] for name, values in melody.items()}
        codes = np.array(network.melody(steps, batch.features))
        soprano = steps[:, REACH_BEATS - 1 : steps.shape[1] - REACH_BEATS, 0]
        voices = tf.one_hot(batch.voices, SYMBOLS).numpy()
        past = np.concatenate([voices[:, :-1], soprano[:, :-1, None]], axis=2)
        now = soprano[:, HISTORY_BEATS:]
        for start in range(0, rows, BEAMS):
            some = slice(start, start + BEAMS)
            yield "bass", {"codes": codes[some], "past": past[some], "now": now[some]}
        state = np.array(network.bass(codes, past, now)[0])[:, 0]
        bass, tenor = voices[:, -1, 0], voices[:, -1, 1]
        for start in range(0, rows, BEAMS * BASSES):
            some = slice(start, start + BEAMS * BASSES)
            yield "tenor", {"state": state[some], "bass": bass[some]}
        yield "alto", {"state": state, "bass": bass, "tenor": tenor}
