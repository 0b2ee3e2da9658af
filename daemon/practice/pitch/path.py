"""Find the likeliest sequence of states with a fixed look-ahead: the Viterbi algorithm, streaming.

The state of a frame is decided once `look_ahead` further frames are known. A file is decided in
the same way, so that its result equals that of the stream.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.practice.pitch.candidates import CANDIDATES, Candidates

PATH_LOOK_AHEAD = 6
"""Frames: 0.12 s."""

# Cost in nepers of a move by a semitone, and of the largest one: a leap is as likely as any other.
_COST_OF_SEMITONE = 1.0
_COST_OF_LEAP = 7.0
_LEAST_PROBABILITY = 1e-2

Costs = Sequence[float]


class Viterbi:
    """Decides states from costs; `moves` of `push` may differ from frame to frame."""

    def __init__(self, states: int, look_ahead: int) -> None:
        self._states = range(states)
        self._look_ahead = look_ahead
        self._totals: list[float] | None = None
        # The states of the undecided frames on the cheapest way to each state.
        self._ways: list[tuple[int, ...]] = []

    def push(self, costs: Costs, moves: Sequence[Costs]) -> int | None:
        """Add a frame; return the state of the frame `look_ahead` frames earlier, if there is one.

        `costs` has one cost a state, and `moves[k]` the costs of the moves from every state to
        state k.
        """
        if self._totals is None:
            self._totals = list(costs)
            self._ways = [(state,) for state in self._states]
        else:
            self._extend(self._totals, costs, moves)
        if len(self._ways[0]) <= self._look_ahead:
            return None
        decided = self._best()[0]
        self._ways = [way[1:] for way in self._ways]
        return decided

    def finish(self) -> tuple[int, ...]:
        """Return the states of the undecided frames."""
        return self._best() if self._totals is not None else ()

    def _extend(self, before: Costs, costs: Costs, moves: Sequence[Costs]) -> None:
        totals, ways = [], []
        for state in self._states:
            sums = [total + move for total, move in zip(before, moves[state], strict=True)]
            least = min(sums)
            totals.append(least + costs[state])
            ways.append((*self._ways[sums.index(least)], state))
        # Relative to the least, so that the sums of a long stream stay exact.
        least = min(totals)
        self._totals = [total - least for total in totals]
        self._ways = ways

    def _best(self) -> tuple[int, ...]:
        totals = self._totals or [0.0]
        return self._ways[totals.index(min(totals))]


class PitchPath:
    """Chooses one candidate a frame, so that the pitch seldom leaps."""

    def __init__(self) -> None:
        self._viterbi = Viterbi(CANDIDATES, PATH_LOOK_AHEAD)
        self._undecided = np.empty((0, CANDIDATES, 2))
        self._last_semitones: NDArray[np.float64] | None = None

    def push(self, found: Candidates) -> NDArray[np.float64]:
        """Return pitch in hertz and aperiodicity (n, 2) of the frames that `found` decides."""
        costs = -np.log(found.probability + _LEAST_PROBABILITY)
        semitones = 12.0 * np.log2(found.hz)
        before = semitones[:1] if self._last_semitones is None else self._last_semitones
        before = np.concatenate([before, semitones[:-1]])[: len(semitones)]
        apart = np.abs(semitones[:, :, None] - before[:, None, :])
        moves = np.minimum(_COST_OF_SEMITONE * apart, _COST_OF_LEAP)
        if len(semitones):
            self._last_semitones = semitones[-1:]
        self._undecided = np.concatenate(
            [self._undecided, np.stack([found.hz, found.aperiodicity], axis=-1)]
        )
        pushed = map(self._viterbi.push, costs.tolist(), moves.tolist())
        return self._decide([state for state in pushed if state is not None])

    def finish(self) -> NDArray[np.float64]:
        """Return the same of the remaining frames."""
        return self._decide(self._viterbi.finish())

    def _decide(self, states: Sequence[int]) -> NDArray[np.float64]:
        decided = self._undecided[np.arange(len(states)), np.asarray(states, np.intp)]
        self._undecided = self._undecided[len(states) :]
        return decided
