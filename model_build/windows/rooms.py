"""The rooms of a run: impulse responses computed or measured, on disk, drawn from by chance."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.sound.window import SAMPLE_RATE_HZ
from daemon.system.whole_file import whole_file
from model_build.augmentations.room import shoebox_response
from model_build.recipe import Room
from model_build.workers import each

MOST_ROOMS_TRIED = 20
LONGEST_SAMPLES = SAMPLE_RATE_HZ  # what rings on after a second lies 60 dB below in a living room


class _Task(NamedTuple):
    seed: tuple[int, ...]
    room: Room


class Rooms:
    """Responses, (n, 16 000), of one side of the split."""

    def __init__(self, path: Path, measured_share: float) -> None:
        with np.load(path) as file:
            self._computed, self._measured = file["computed"], file["measured"]
        self._measured_share = measured_share

    def draw(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """One response, (16 000,), its direct sound first."""
        measured = rng.random() < self._measured_share and len(self._measured)
        pool = self._measured if measured else self._computed
        return pool[rng.integers(len(pool))]  # type: ignore[no-any-return]


def write_rooms(
    path: Path,
    room: Room,
    measured: Sequence[NDArray[np.float32]],
    seed: tuple[int, ...],
    workers: int | None = None,
) -> None:
    """Compute `room.responses` rooms and store them beside the measured ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tasks = [_Task((*seed, index), room) for index in range(room.responses)]
    computed = list(each(_computed, tasks, what="rooms", workers=workers))
    aligned = [_from_direct_sound(response) for response in measured]
    with whole_file(path) as fresh:
        np.savez(
            fresh,
            computed=np.array(computed, np.float32).reshape(-1, LONGEST_SAMPLES),
            measured=np.array(aligned, np.float32).reshape(-1, LONGEST_SAMPLES),
        )


def _computed(task: _Task) -> NDArray[np.float32]:
    rng = np.random.default_rng(task.seed)
    for _ in range(MOST_ROOMS_TRIED):
        try:
            response = shoebox_response(
                rng,
                distance_metres=rng.uniform(*task.room.distance_metres),
                rt60_seconds=rng.uniform(*task.room.rt60_seconds),
            )
        except ValueError:  # no room so large is so dry
            continue
        return _of_length(response)
    raise InputError(
        f"recipe: no room holds {task.room.distance_metres} m and is as dry as "
        f"{task.room.rt60_seconds} s; shorten distance_metres or lengthen rt60_seconds"
    )


def _from_direct_sound(response: NDArray[np.float32]) -> NDArray[np.float32]:
    first = int(np.abs(response).argmax())
    return _of_length(response[first:] / np.abs(response[first]))


def _of_length(response: NDArray[np.float32]) -> NDArray[np.float32]:
    short = response[:LONGEST_SAMPLES]
    return np.pad(short, (0, LONGEST_SAMPLES - len(short)))
