"""Run the harmoniser's network: four signatures of one `.tflite`.

Their batches have fixed sizes, those of the beam search.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import load_network
from daemon.practice.harmoniser.features import HISTORY_BEATS, REACH_BEATS, MelodyInput
from daemon.practice.harmoniser.voices import SYMBOLS, Ints

Floats = NDArray[np.float32]

BEAMS: Final = 6
"""Harmonies that the beam search keeps, and the batch of the bass' signature."""
BASSES: Final = 4
"""Candidates of the bass for each of them; their product is the batch of the tenor's signature."""
TENORS: Final = 3
"""Candidates of the tenor for each of these; their product is the batch of the alto's signature."""

_ONE_HOT = np.vstack([np.eye(SYMBOLS, dtype=np.float32), np.zeros((1, SYMBOLS), np.float32)])


class Past(NamedTuple):
    """What came before a beat, for each row of a batch."""

    codes: Floats
    """Codes of the melody up to this beat, (rows, HISTORY_BEATS, channels)."""
    voices: Ints
    """Bass, tenor and alto of the beats before, (rows, HISTORY_BEATS, 3)."""
    soprano: Ints
    """The melody on these beats and on this one, (rows, HISTORY_BEATS + 1)."""


class HarmonyNetwork:
    """The network, on one thread; `tflite` is its bytes. Raises InputError if it cannot be run."""

    def __init__(self, tflite: bytes) -> None:
        network = load_network(tflite)
        run = network.get_signature_runner
        self._melody, self._bass = run("melody"), run("bass")
        self._tenor, self._alto = run("tenor"), run("alto")

    def codes(self, melody: MelodyInput) -> Floats:
        """Return a code for each beat of a melody, from HISTORY_BEATS - 1 before its first on.

        The shape is (HISTORY_BEATS - 1 + beats, channels).
        """
        width = 2 * REACH_BEATS + 1
        steps = _ONE_HOT[melody.symbols]
        return np.concatenate(
            [
                self._melody(
                    steps=steps[None, start : start + width],
                    features=melody.features[None, start : start + width],
                )["codes"][:, 0]
                for start in range(len(steps) - width + 1)
            ]
        )

    def bass(self, past: Past) -> tuple[Floats, Floats]:
        """Return the state of each row, (rows, state), and the bass' scores, (rows, SYMBOLS).

        Any number of rows is run in batches of BEAMS.
        """
        chosen = np.concatenate([past.voices, past.soprano[:, :-1, None]], axis=2)
        found = _in_batches(
            self._bass,
            BEAMS,
            codes=past.codes,
            past=_ONE_HOT[chosen],
            now=_ONE_HOT[past.soprano[:, -1:]],
        )
        return found["state"][:, 0], found["scores"][:, 0]

    def tenor(self, state: Floats, bass: Ints) -> Floats:
        """Return the tenor's scores, (rows, SYMBOLS), for states and symbols of the bass."""
        found = _in_batches(self._tenor, BEAMS * BASSES, state=state, bass=_ONE_HOT[bass])
        return found["scores"]

    def alto(self, state: Floats, bass: Ints, tenor: Ints) -> Floats:
        """Return the alto's scores, (rows, SYMBOLS), for states and symbols of both voices."""
        found = _in_batches(
            self._alto,
            BEAMS * BASSES * TENORS,
            state=state,
            bass=_ONE_HOT[bass],
            tenor=_ONE_HOT[tenor],
        )
        return found["scores"]


def past_of(codes: Floats, voices: Ints, soprano: Ints, beat: int) -> Past:
    """Return what came before a beat.

    `codes` is (HISTORY_BEATS - 1 + beats, channels), `voices` (rows, HISTORY_BEATS + beats, 3)
    and `soprano` (HISTORY_BEATS + beats,), OUTSIDE before the beginning.
    """
    rows, window = len(voices), slice(beat, beat + HISTORY_BEATS)
    return Past(
        np.broadcast_to(codes[window], (rows, HISTORY_BEATS, codes.shape[1])),
        voices[:, window],
        np.broadcast_to(soprano[beat : beat + HISTORY_BEATS + 1], (rows, HISTORY_BEATS + 1)),
    )


def _in_batches(signature: Any, size: int, **inputs: Floats) -> dict[str, Floats]:
    """Run a signature with batches of a fixed size; the last one is filled up with zeros."""
    rows = len(next(iter(inputs.values())))
    parts: dict[str, list[Floats]] = {}
    for start in range(0, rows, size):
        batch = {}
        for name, values in inputs.items():
            part = values[start : start + size]
            missing = ((0, size - len(part)),) + ((0, 0),) * (part.ndim - 1)
            batch[name] = np.pad(part, missing).astype(np.float32)
        for name, values in signature(**batch).items():
            parts.setdefault(name, []).append(values[: rows - start])
    return {name: np.concatenate(values) for name, values in parts.items()}
