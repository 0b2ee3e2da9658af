import numpy as np
import pytest

from daemon.practice.harmoniser.keys import Key
from model_build.harmony.chorales.key_labels import chorale_key
from model_build.harmony.chorales.pieces import piece_of
from model_build.harmony.figures.chord_table import (
    chord_degrees,
    learn_chord_tables,
    prediction_figures,
)
from tests.model_build.harmony.made_chorales import made_chorale, made_pieces

PIECES, TABLES = made_pieces(10)
TONIC, DOMINANT, SUBDOMINANT = 0, 14, 10
CADENCE = np.array([[72, 67, 64, 48], [72, 69, 65, 53], [71, 67, 62, 43], [72, 67, 64, 48]])


def test_finds_the_key_of_a_chorale_in_all_keys() -> None:
    for move in range(-6, 6):
        assert chorale_key(made_chorale(0, move=move)) == Key(move % 12, "major")


def test_degrees_of_a_cadence() -> None:
    piece = piece_of(np.repeat(CADENCE, 8, axis=0), TABLES)
    assert chord_degrees(piece, repeated=False) == [TONIC, SUBDOMINANT, DOMINANT, TONIC]
    assert len(chord_degrees(piece, repeated=True)) == 8


def test_table_predicts_what_it_was_taught() -> None:
    pieces = [
        piece_of(np.repeat(np.tile(CADENCE[:3], (8, 1)), 4, axis=0) + i, TABLES) for i in (0, 5)
    ]
    tables = learn_chord_tables(pieces, repeated=False)
    assert tables[0].probabilities([TONIC]).argmax() == SUBDOMINANT
    assert tables[0].probabilities([SUBDOMINANT, DOMINANT]).argmax() == TONIC
    figures = prediction_figures(tables, pieces, repeated=False)
    assert figures["top_1"] == pytest.approx(1.0)
    assert figures["repeat"] == 0.0
    assert figures["commonest"] == pytest.approx(1 / 3, abs=0.05)
