"""Measure the harmoniser on chorales: nats a beat, and broken rules a chorale."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from daemon.practice.harmoniser.beam import Penalties, log_softmax
from daemon.practice.harmoniser.correction import Correction, correct
from daemon.practice.harmoniser.features import CONTEXT_BEATS, HISTORY_BEATS, melody_input
from daemon.practice.harmoniser.network import HarmonyNetwork, Past, past_of
from daemon.practice.harmoniser.voice_leading import faults_of_piece
from daemon.practice.harmoniser.voices import SYMBOLS, Ints, symbols_of
from model_build.harmony.baseline import baseline_nats, baseline_voices
from model_build.harmony.chorales.pieces import Piece, whole
from model_build.harmony.correction_fit import batch_indicators
from model_build.harmony.figures.searches import Search, search_all
from model_build.harmony.fit import UNIFORM_SHARE
from model_build.harmony.hidden_markov import HiddenMarkov

BACH, BASELINE, BARE, CORRECTED, SHIPPED = (
    *("Bach", "hidden Markov model", "network, bare"),
    *("network, corrected", "corrected, with rules"),
)


class Row(msgspec.Struct, frozen=True):
    """The figures of one way to harmonise."""

    nats: float | None
    """Nats a beat of Bach's lower voices; None where there is no distribution."""
    parallels: float
    """Parallel fifths and octaves a chorale, in its own harmony."""
    doubled_leading_notes: float
    """Doubled leading notes a chorale."""
    out_of_range: float
    """Notes outside their voice's range a chorale."""


class Learned(NamedTuple):
    """What a run has learned."""

    baseline: HiddenMarkov
    """The baseline."""
    tflite: bytes
    """The quantized network."""
    correction: Correction
    """The correction of its scores."""


class Figures(NamedTuple):
    """The rows by name, and by how much the network is better than the baseline."""

    rows: dict[str, Row]
    """The figures of each way to harmonise."""
    gain: float
    """Mean over the chorales of the baseline's nats a beat minus the corrected network's."""
    gain_error: float
    """Standard error of `gain`."""


def measure(learned: Learned, pieces: Sequence[Piece], workers: int | None) -> Figures:
    """Return the figures of all ways to harmonise."""
    baseline, tflite, correction = learned
    network = HarmonyNetwork(tflite)
    hmm_nats, hmm_each = baseline_nats(baseline, pieces)
    bare, _ = _nats(network, None, pieces)
    corrected, each = _nats(network, correction, pieces)
    searches = [
        Search(tflite, None, None),
        Search(tflite, correction, None),
        Search(tflite, correction, Penalties()),
    ]
    bare_voices, corrected_voices, shipped_voices = search_all(searches, pieces, workers)
    rows = {
        BACH: _row(pieces, [piece.voices for piece in pieces], None),
        BASELINE: _row(pieces, [baseline_voices(baseline, piece) for piece in pieces], hmm_nats),
        BARE: _row(pieces, bare_voices, bare),
        CORRECTED: _row(pieces, corrected_voices, corrected),
        SHIPPED: _row(pieces, shipped_voices, None),
    }
    gains = hmm_each - each
    return Figures(rows, float(gains.mean()), float(gains.std() / np.sqrt(len(gains))))


def _row(pieces: Sequence[Piece], voices: Sequence[Ints], nats: float | None) -> Row:
    """Return the figures of harmonies; a leading note is that of the key of all four voices."""
    found = []
    for piece, lower in zip(pieces, voices, strict=True):
        chords = np.column_stack([piece.melody[:, 0], lower[:, ::-1]])
        found.append(faults_of_piece(chords, piece.key.leading_note))
    parallels, doubled, outside, _ = np.mean(found, axis=0).tolist()
    return Row(nats, parallels, doubled, outside)


def _nats(
    network: HarmonyNetwork, correction: Correction | None, pieces: Sequence[Piece]
) -> tuple[float, np.ndarray[Any, Any]]:
    """Return the nats a beat of the pieces' own voices, over all beats and of each piece."""
    each = [_piece_nats(network, correction, piece) for piece in pieces]
    return float(np.concatenate(each).mean()), np.array([nats.mean() for nats in each])


def _piece_nats(
    network: HarmonyNetwork, correction: Correction | None, piece: Piece
) -> np.ndarray[Any, Any]:
    """Return the nats of each beat of a piece."""
    batch = whole([piece])
    codes = network.codes(melody_input(symbols_of(piece.melody, piece.melody_key.shift)))
    soprano = batch.steps[0, CONTEXT_BEATS - HISTORY_BEATS :, 0]
    pasts = [past_of(codes, batch.voices, soprano, beat) for beat in range(len(piece.voices))]
    own = batch.voices[0, HISTORY_BEATS:]
    state, bass = network.bass(Past(*(np.concatenate(a) for a in zip(*pasts, strict=True))))
    scores = [bass, network.tenor(state, own[:, 0]), network.alto(state, own[:, 0], own[:, 1])]
    found = batch_indicators(batch)
    total = np.zeros(len(own))
    for voice, values in enumerate(scores):
        added = np.zeros_like(values)
        if correction is not None:
            added = correct(correction, voice, found[voice])[0]
        chances = np.exp(log_softmax(values + added)[np.arange(len(own)), own[:, voice]])
        total -= np.log((1 - UNIFORM_SHARE) * chances + UNIFORM_SHARE / SYMBOLS)
    return total
