"""The impulse responses of one side of the split, computed or measured, on disk."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.sound.window import SAMPLE_RATE_HZ
from daemon.system.files.whole_file import whole_file
from model_build.augmentations.random_room import random_room_response
from model_build.recipe import Room
from model_build.workers import parallel_map

LONGEST_SAMPLES = SAMPLE_RATE_HZ  # after a second, a living room has decayed by 60 dB


class _Task(NamedTuple):
    seed: tuple[int, ...]
    room: Room


class Rooms:
    """Responses, (n, 16 000), to draw from."""

    def __init__(self, path: Path, measured_share: float) -> None:
        """Read the file that `write_rooms` wrote; `measured_share` of the draws are measured."""
        with np.load(path) as file:
            self._computed, self._measured = file["computed"], file["measured"]
        self._measured_share = measured_share

    def draw(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return one response, (16 000,), that starts with its direct sound."""
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
    """Compute `room.responses` rooms and store them with the measured ones.

    Raises InputError if there is no room for the recipe's distances and reverberation times.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    tasks = [_Task((*seed, index), room) for index in range(room.responses)]
    computed = list(parallel_map(_compute, tasks, label="rooms", workers=workers))
    aligned = [_from_direct_sound(response) for response in measured]
    with whole_file(path) as fresh:
        np.savez(
            fresh,
            computed=np.array(computed, np.float32).reshape(-1, LONGEST_SAMPLES),
            measured=np.array(aligned, np.float32).reshape(-1, LONGEST_SAMPLES),
        )


def _compute(task: _Task) -> NDArray[np.float32]:
    try:
        response = random_room_response(
            np.random.default_rng(task.seed),
            distance_metres=task.room.distance_metres,
            rt60_seconds=task.room.rt60_seconds,
        )
    except ValueError as error:
        raise InputError(
            f"recipe: {error}; shorten distance_metres or lengthen rt60_seconds"
        ) from None
    return _of_length(response)


def _from_direct_sound(response: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut and scale a measured response so that it starts with a direct sound of amplitude 1."""
    first = int(np.abs(response).argmax())
    return _of_length(response[first:] / np.abs(response[first]))


def _of_length(response: NDArray[np.float32]) -> NDArray[np.float32]:
    short = response[:LONGEST_SAMPLES]
    return np.pad(short, (0, LONGEST_SAMPLES - len(short)))
