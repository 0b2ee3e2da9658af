import numpy as np
import pytest
import tensorflow as tf

from daemon.practice.harmoniser.beam import find_voices
from daemon.practice.harmoniser.correction import Correction, correct
from daemon.practice.harmoniser.features import (
    CONTEXT_BEATS,
    FEATURES,
    HISTORY_BEATS,
    REACH_BEATS,
    melody_input,
)
from daemon.practice.harmoniser.network import HarmonyNetwork as QuantizedNetwork
from daemon.practice.harmoniser.network import Past, past_of
from daemon.practice.harmoniser.voices import OUTSIDE, symbols_of
from model_build.harmony.chorales.pieces import Piece, batch_of, whole
from model_build.harmony.correction_fit import batch_indicators, fit_correction
from model_build.harmony.export import to_tflite
from model_build.harmony.fit import average_nats, fit, nats, network_nats
from model_build.harmony.material import Material
from model_build.harmony.network import HarmonyNetwork, piece_scores
from model_build.harmony.recipe import Fit
from tests.model_build.harmony.made_chorales import made_pieces

PIECES, TABLES = made_pieces(30)
TEACH = Fit(
    steps=200,
    batch_pieces=8,
    crop_beats=20,
    learning_rate=0.02,
    weight_decay=0.0,
    fake_share=0.0,
    last_fake_share=0.0,
)


@pytest.fixture(scope="module")
def network() -> HarmonyNetwork:
    """A small network that has learned the made chorales."""
    tf.keras.utils.set_random_seed(1)
    made = HarmonyNetwork(channels=16, embedding=8, hidden=16, dropout=0.1)
    material = Material(TABLES, PIECES, [], PIECES[:5], PIECES[:5], {}, 0.0)
    fit(made, TEACH, material, np.random.default_rng(1))
    return made


def scores(network: HarmonyNetwork, piece: Piece) -> list[np.ndarray]:
    return [values.numpy()[0] for values in piece_scores(network, *whole([piece])[:3])]


def test_fit_learns_the_chorales(network: HarmonyNetwork) -> None:
    untaught = HarmonyNetwork(channels=16, embedding=8, hidden=16, dropout=0.1)
    assert network_nats(untaught, PIECES) > 10.0
    # Eight chords: given the soprano, the lower voices have one or two possibilities.
    assert network_nats(network, PIECES) < 3.0


def test_nats_are_those_of_the_joint_event(network: HarmonyNetwork) -> None:
    batch = whole(PIECES[:1])
    logits = scores(network, PIECES[0])
    expected = np.zeros(len(PIECES[0].voices))
    for voice, values in enumerate(logits):
        likely = np.exp(values - values.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        own = batch.voices[0, HISTORY_BEATS:, voice]
        expected -= np.log(likely[np.arange(len(own)), own])
    found = nats([values[None] for values in logits], batch).numpy()[0]
    assert found == pytest.approx(expected, rel=1e-3)
    mean, each = average_nats(PIECES[:2], lambda b: piece_scores(network, *b[:3]))
    assert mean == pytest.approx(each.mean(), rel=1e-4)  # the pieces have the same length


def test_no_voice_sees_the_present_or_the_future(network: HarmonyNetwork) -> None:
    batch, beat = whole(PIECES[:1]), 10
    before = [v.numpy()[0] for v in piece_scores(network, *batch[:3])]
    changed = batch.voices.copy()
    changed[0, HISTORY_BEATS + beat :, 2] = 40  # the alto, from this beat on
    after = [v.numpy()[0] for v in piece_scores(network, batch.steps, batch.features, changed)]
    for old, new in zip(before, after, strict=True):
        assert new[: beat + 1] == pytest.approx(old[: beat + 1], abs=1e-4)
    assert np.abs(after[0][beat + 1] - before[0][beat + 1]).max() > 1e-3


def test_part_of_a_piece_has_the_scores_of_the_whole(network: HarmonyNetwork) -> None:
    piece = PIECES[3]
    part = batch_of([piece], [piece.melody_key.shift], [9], 10)
    found = [v.numpy()[0] for v in piece_scores(network, *part[:3])]
    for own, every in zip(found, scores(network, piece), strict=True):
        assert own == pytest.approx(every[9:19], abs=1e-4)


def test_features_are_those_of_the_beat() -> None:
    melody = np.full((20, 4), 40)
    melody[7, 2:] = 43
    seen = melody_input(melody)
    assert seen.symbols.shape == (CONTEXT_BEATS + 20 + REACH_BEATS, 4)
    assert seen.features.shape == (CONTEXT_BEATS + 20 + REACH_BEATS, FEATURES)
    assert (seen.symbols[:CONTEXT_BEATS] == OUTSIDE).all()
    assert not seen.features[:CONTEXT_BEATS].any()
    beat = seen.features[CONTEXT_BEATS + 7]
    assert beat[:4].tolist() == [0, 0, 1, 0]
    assert beat[4:8].tolist() == [0, 0, 0, 1]
    assert seen.features[CONTEXT_BEATS + 19, 8:13].tolist() == [1, 0, 0, 0, 0]


def test_int8_network_agrees_and_harmonises_its_chorales(network: HarmonyNetwork) -> None:
    tflite = to_tflite(network, PIECES, 150, np.random.default_rng(2))
    assert len(tflite) < 200_000
    quantized, piece = QuantizedNetwork(tflite), PIECES[0]
    codes = quantized.codes(melody_input(symbols_of(piece.melody, piece.melody_key.shift)))
    batch = whole([piece])
    soprano = batch.steps[0, CONTEXT_BEATS - HISTORY_BEATS :, 0]
    pasts = [past_of(codes, batch.voices, soprano, beat) for beat in range(len(piece.voices))]
    state, bass = quantized.bass(Past(*(np.concatenate(a) for a in zip(*pasts, strict=True))))
    own = batch.voices[0, HISTORY_BEATS:]
    found = [bass, quantized.tenor(state, own[:, 0]), quantized.alto(state, own[:, 0], own[:, 1])]
    for int8, real in zip(found, scores(network, piece), strict=True):
        assert np.abs(int8 - real).mean() < 0.1 * real.std()
    voices = find_voices(quantized, None, piece.melody, piece.melody_key, None)
    # A soprano note that only one of the eight chords has gets this chord.
    unique = np.isin(piece.melody[:, 0] - piece.melody[-1, 0], [4, -5, -1, 2, -3, 5])
    assert (voices[unique] == piece.voices[unique]).all(axis=1).mean() > 0.6


def test_correction_makes_its_pieces_more_likely(network: HarmonyNetwork) -> None:
    correction = fit_correction(network, PIECES, passes=1, penalty=1.0)
    none = Correction([(0.0, 0.0)] * 3, [[0.0] * 13] * 3, [[0.0] * 13] * 3)
    batch, logits = whole(PIECES[:10]), piece_scores(network, *whole(PIECES[:10])[:3])

    def total(used: Correction) -> float:
        found = batch_indicators(batch)
        added = [logits[voice].numpy() + correct(used, voice, found[voice]) for voice in range(3)]
        return float(nats(added, batch).numpy().sum())

    assert total(correction) < total(none)
