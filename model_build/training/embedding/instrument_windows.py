"""Windows of single instruments: each recording clean, and in rooms through microphones."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.hearing.patches import patches
from model_build.augmentations.level import level
from model_build.augmentations.room import room
from model_build.corpus.clips import Clip
from model_build.corpus.decoded import Sounds
from model_build.recipe import Recipe, read_recipe
from model_build.run_folder import SIDES, RunFolder
from model_build.windows.parts import NOTES_OF_A_SOURCE, WITH_CHORDS, rotated_window
from model_build.windows.phrases import phrase_of_notes
from model_build.windows.rooms import Rooms
from model_build.windows.scenes import PART_DBFS, through_microphone
from model_build.windows.used_clips import clips_of_side
from model_build.workers import parallel_map

RECORDINGS = 6
"""Greatest number of recordings of an instrument."""
ROOMS = 3
"""Number of rooms in which each recording is heard, beside the clean sound."""
_STREAM = 4  # the random streams 0 to 3 draw the windows and the rooms of the sides


class Instrument(NamedTuple):
    """The clips of one physical instrument, by their indices in the run's sounds."""

    group: str
    """Its group in the corpus' manifest."""
    family: str
    """Its family; a group with several families counts as several instruments."""
    phrases: tuple[int, ...]
    """Its played phrases."""
    notes: tuple[int, ...]
    """Its single notes."""


class _Task(NamedTuple):
    run: Path
    recipe: Path
    side: str
    number: int
    instrument: Instrument


def instruments_of(clips: Sequence[tuple[int, Clip]]) -> list[Instrument]:
    """Return the instruments of the phrases and notes among clips and their indices, sorted."""
    found: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, clip in clips:
        if clip.kind in {"phrase", "note"} and len(clip.families) == 1:
            found[clip.group, clip.families[0]][clip.kind].append(index)
    return [
        Instrument(group, family, tuple(kinds["phrase"]), tuple(kinds["note"]))
        for (group, family), kinds in sorted(found.items())
    ]


def instrument_windows(
    run: RunFolder, side: str, workers: int | None = None
) -> Iterator[NDArray[np.float16]]:
    """Yield the windows of each instrument on one side of the run's split.

    Each has log-mel frames (recordings, 1 + ROOMS, patches, frames, bands), of every recording
    first the clean sound and then rooms. There are up to RECORDINGS phrases of an instrument; if it
    has fewer, windows that are composed of its notes are added. Microphones and levels vary as in
    the training windows. Raises InputError if the features are missing.
    """
    instruments = instruments_of(clips_of_side(run, side))
    tasks = [
        _Task(run.folder, run.recipe, side, number, instrument)
        for number, instrument in enumerate(instruments)
    ]
    return parallel_map(_draw, tasks, label=f"{side} instruments", workers=workers)


def _draw(task: _Task) -> NDArray[np.float16]:
    recipe, sounds, rooms = _material(task.run, task.recipe, task.side)
    rng = np.random.default_rng([recipe.seed, _STREAM + SIDES.index(task.side), task.number])
    log_mel, starts = LogMel(FrontEnd()), recipe.patches.starts
    windows = []
    for clean in _recordings(task.instrument, sounds, recipe, rng):
        in_rooms = [room(clean, rooms.draw(rng)) for _ in range(ROOMS)]
        heard = [level(clean, dbfs=PART_DBFS)]
        heard += [through_microphone(samples, recipe, rng) for samples in in_rooms]
        frames = [log_mel.frames(samples) for samples in heard]
        windows.append([patches(one, starts, recipe.patches.frames) for one in frames])
    return np.array(windows, np.float16)


def _recordings(
    instrument: Instrument, sounds: Sounds, recipe: Recipe, rng: np.random.Generator
) -> Iterator[NDArray[np.float32]]:
    """Yield up to RECORDINGS windows of an instrument, (64 000,): phrases first, then notes."""
    phrases = rng.permutation(instrument.phrases)[:RECORDINGS]
    for index in phrases:
        yield rotated_window(sounds[int(index)], rng)
    for _ in range(RECORDINGS - len(phrases) if instrument.notes else 0):
        some = rng.permutation(instrument.notes)[:NOTES_OF_A_SOURCE]
        yield phrase_of_notes(
            [sounds[int(index)] for index in some],
            rng,
            interval_seconds=recipe.playing.note_interval_seconds,
            chords=instrument.family in WITH_CHORDS,
        )


@cache
def _material(folder: Path, recipe_path: Path, side: str) -> tuple[Recipe, Sounds, Rooms]:
    run, recipe = RunFolder(folder), read_recipe(recipe_path)
    rooms = Rooms(run.rooms / f"{side}.npz", recipe.room.measured_share)
    return recipe, Sounds(run.sounds), rooms
