"""Find the likely lower voices of a melody: a beam search over beats."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmoniser.correction import Correction, correct, indicators
from daemon.practice.harmoniser.features import CONTEXT_BEATS, HISTORY_BEATS, melody_input
from daemon.practice.harmoniser.keys import Key
from daemon.practice.harmoniser.network import (
    BASSES,
    BEAMS,
    TENORS,
    HarmonyNetwork,
    past_of,
)
from daemon.practice.harmoniser.voice_leading import faults
from daemon.practice.harmoniser.voices import OUTSIDE, VOICES, Ints, pitches_of, symbols_of

Floats = NDArray[np.float32]

ALTOS: Final = 3
"""Candidates of the alto for each bass and tenor."""


_TENOR, _ALTO = VOICES.index("tenor"), VOICES.index("alto")


@dataclass(frozen=True)
class Penalties:
    """What each fault costs a harmony, in nats."""

    parallels: float = 8.0
    """Each pair of voices in parallel fifths or octaves."""
    doubled_leading_note: float = 8.0
    """Each chord that doubles the leading note."""
    out_of_range: float = 8.0
    """Each note outside its voice's range."""
    crossings: float = 2.0
    """Each pair of neighbouring voices that cross."""


@dataclass
class _Beam:
    """The best harmonies of the first beats."""

    voices: Ints
    """Symbols of bass, tenor and alto, (harmonies, HISTORY_BEATS + beats, 3)."""
    costs: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    """Nats and penalties of each harmony."""


def find_voices(
    network: HarmonyNetwork,
    correction: Correction | None,
    melody: Ints,
    key: Key,
    penalties: Penalties | None,
) -> Ints:
    """Return the MIDI pitches of bass, tenor and alto on each beat, (beats, 3); -1 is a rest.

    `melody` are the MIDI pitches of the sixteenth steps of each beat, (beats, 4). Without
    `correction` or `penalties`, the search follows the bare network or the learned scores only.
    """
    seen = melody_input(symbols_of(melody, key.shift))
    codes = network.codes(seen)
    first = CONTEXT_BEATS - HISTORY_BEATS
    soprano = seen.symbols[first : first + HISTORY_BEATS + len(melody), 0]
    beam = _Beam(np.full((1, HISTORY_BEATS + len(melody), 3), OUTSIDE))
    for beat in range(len(melody)):
        past = past_of(codes, beam.voices, soprano, beat)
        step = _Step(network, correction, past.voices[:, -1], past.soprano[:, -2:])
        state, scores = network.bass(past)
        chords, costs, origins = step.candidates(state, scores)
        totals = costs + beam.costs[origins]
        if penalties is not None:
            before = np.column_stack(
                [
                    soprano[beat + HISTORY_BEATS - 1].repeat(len(origins)),
                    past.voices[origins, -1, ::-1],
                ]
            )
            totals += _penalty(penalties, before, chords, soprano[beat + HISTORY_BEATS], key)
        best = np.argsort(totals, kind="stable")[:BEAMS]
        voices = beam.voices[origins[best]]
        voices[:, HISTORY_BEATS + beat] = chords[best]
        beam = _Beam(voices, totals[best])
    return pitches_of(beam.voices[0, HISTORY_BEATS:], key.shift)


@dataclass(frozen=True)
class _Step:
    """One beat of the search."""

    network: HarmonyNetwork
    correction: Correction | None
    before: Ints
    """Bass, tenor and alto on the last beat, (harmonies, 3)."""
    soprano: Ints
    """The melody on the last beat and on this one, (harmonies, 2)."""

    def candidates(self, state: Floats, scores: Floats) -> tuple[Ints, Floats, Ints]:
        """Return chords (n, 3), the cost of each in nats, and the harmony that each continues."""
        origins = np.arange(len(state))
        chords = np.zeros((len(state), 0), np.int64)
        costs = np.zeros(len(state), np.float32)
        for voice, count in enumerate((BASSES, TENORS, ALTOS)):
            if voice == _TENOR:
                scores = self.network.tenor(state[origins], chords[:, 0])
            elif voice == _ALTO:
                scores = self.network.alto(state[origins], chords[:, 0], chords[:, 1])
            logs = self._logs(voice, scores, chords, origins)
            chosen = np.argsort(-logs, axis=1, kind="stable")[:, :count]
            costs = (costs[:, None] - np.take_along_axis(logs, chosen, axis=1)).ravel()
            chords = np.column_stack([chords.repeat(count, axis=0), chosen.ravel()])
            origins = origins.repeat(count)
        return chords, costs, origins

    def _logs(self, voice: int, scores: Floats, chords: Ints, origins: Ints) -> Floats:
        """Return the log probabilities of a voice's symbols, (n, SYMBOLS)."""
        if self.correction is not None:
            before = self.before[origins]
            found = indicators(
                before[:, voice],
                np.column_stack([self.soprano[origins, 0], before[:, :voice]]),
                np.column_stack([self.soprano[origins, 1], chords]),
            )
            scores = scores + correct(self.correction, voice, found)
        return log_softmax(scores)


def log_softmax(scores: Floats) -> Floats:
    """Return log probabilities for scores, (…, SYMBOLS)."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    logs: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logs


def _penalty(
    penalties: Penalties, before: Ints, chords: Ints, soprano: int, key: Key
) -> NDArray[np.float64]:
    """Return the penalty of each chord (n, 3) in symbols after the full chords `before` (n, 4)."""
    chord = np.column_stack([np.full(len(chords), soprano), chords[:, ::-1]])
    found = faults(pitches_of(before, key.shift), pitches_of(chord, key.shift), key.leading_note)
    total: NDArray[np.float64] = (
        penalties.parallels * found.parallels
        + penalties.doubled_leading_note * found.doubled_leading_notes
        + penalties.out_of_range * found.out_of_range
        + penalties.crossings * found.crossings
    )
    return total
