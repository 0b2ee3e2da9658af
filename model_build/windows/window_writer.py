"""Draws the windows of one side and writes their patches and labels, block by block.

Each window has its own random generator, so that the number of workers changes no bit, and
blocks that an interrupted run has written can be kept.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib.format import open_memmap

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.hearing.patches import patches
from daemon.sound.window import WINDOW_SAMPLES
from model_build.corpus.decoded import Sounds
from model_build.recipe import Recipe, read_recipe
from model_build.run_folder import SIDES, RunFolder, reserve
from model_build.windows.clip_pool import ClipPool
from model_build.windows.hard_negatives import read_weights
from model_build.windows.rooms import Rooms
from model_build.windows.scenes import SceneSampler
from model_build.windows.used_clips import clips_of_side
from model_build.workers import parallel_map

_BLOCK_WINDOWS = 50


class _Task(NamedTuple):
    run: Path
    recipe: Path
    side: str
    start: int
    stop: int


def write_windows(recipe: Recipe, run: RunFolder, side: str, workers: int | None = None) -> None:
    """Write the patches and labels of one side's windows, except for blocks already written.

    A recipe with `teaching` also gets the patches of the clean sound.
    """
    count = getattr(recipe.windows, side)
    blocks = range(0, count, _BLOCK_WINDOWS)
    if not run.done(side).exists():
        in_window = recipe.patches.in_training if side == "train" else len(recipe.patches.starts)
        shape = (count, in_window, recipe.patches.frames, FrontEnd().bands)
        reserve(run.patches(side), np.float16, shape)
        if recipe.teaching:
            reserve(run.clean_patches(side), np.float16, shape)
        reserve(run.labels(side), np.uint8, (count, len(recipe.families)))
        reserve(run.done(side), np.uint8, (len(blocks),))
    done = np.load(run.done(side))
    tasks = [
        _Task(run.folder, run.recipe, side, start, min(count, start + _BLOCK_WINDOWS))
        for start, is_done in zip(blocks, done, strict=True)
        if not is_done
    ]
    for _ in parallel_map(_write_block, tasks, label=f"{side} windows", workers=workers):
        pass


def _write_block(task: _Task) -> None:
    """Draw and write the windows of one block, then mark it as done."""
    run = RunFolder(task.run)
    recipe = read_recipe(task.recipe)
    sampler = _scene_sampler(task.run, task.recipe, task.side)
    log_mel = LogMel(FrontEnd())
    length = recipe.patches.frames
    drawn = open_memmap(run.patches(task.side), "r+")
    labels = open_memmap(run.labels(task.side), "r+")
    clean = open_memmap(run.clean_patches(task.side), "r+") if recipe.teaching else None
    for index in range(task.start, task.stop):
        rng = np.random.default_rng([recipe.seed, SIDES.index(task.side), index])
        scene = sampler.draw(rng)
        starts = _starts(recipe, task.side, rng)
        drawn[index] = patches(log_mel.frames(scene.samples), starts, length)
        if clean is not None:
            clean[index] = patches(log_mel.frames(scene.clean), starts, length)
        labels[index] = scene.labels
    open_memmap(run.done(task.side), "r+")[task.start // _BLOCK_WINDOWS] = 1


def _starts(recipe: Recipe, side: str, rng: np.random.Generator) -> list[int]:
    """Return the first frame of each patch of a window, in order.

    Scattered patches are at a random place each, in one of as many equal parts of the window.
    """
    count = recipe.patches.scattered
    if side != "train" or not count:
        return list(recipe.patches.starts)
    places = FrontEnd().frames_in(WINDOW_SAMPLES) - recipe.patches.frames + 1
    return [int(place) for place in (np.arange(count) + rng.random(count)) * places / count]


@cache
def _scene_sampler(folder: Path, recipe_path: Path, side: str) -> SceneSampler:
    run, recipe = RunFolder(folder), read_recipe(recipe_path)
    room, noise, is_held = recipe.room, recipe.noise, side == "held"
    return SceneSampler(
        recipe,
        ClipPool(
            clips_of_side(run, side),
            Sounds(run.sounds),
            source_exponent=recipe.windows.source_exponent,
            weights=read_weights(run),
        ),
        Rooms(run.rooms / f"{side}.npz", room.measured_share),
        room_probability=room.held_probability if is_held else room.probability,
        snr_db=noise.held_snr_db if is_held else noise.snr_db,
        unlabelled_share=0.0 if is_held else recipe.windows.unlabelled_share,
    )
