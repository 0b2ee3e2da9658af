"""The sounds of the acceptance check."""

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.hearing.patches import patches
from daemon.sound.window import WINDOW_SAMPLES
from model_build.augmentations.level import level
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder
from model_build.windows.used_clips import held_clips

SOUND_DBFS = -20.0


def acceptance_sounds(recipe: Recipe, run: RunFolder) -> dict[str, NDArray[np.float32]]:
    """Return the patches (n, frames, bands) of one window of each sound, by its name.

    The sounds are silence, white noise, a held-out speech clip if there is one, and a held-out
    window of each family.
    """
    noise = np.random.default_rng(recipe.seed).standard_normal(WINDOW_SAMPLES).astype(np.float32)
    sounds = {
        "silence": _patches(recipe, np.zeros(WINDOW_SAMPLES, np.float32)),
        "white noise": _patches(recipe, level(noise, dbfs=SOUND_DBFS)),
    }
    clips, read = held_clips(run)
    for clip in [c for c in clips if (c.kind, c.label) == ("negative", "speech")][:1]:
        window = np.resize(read(clip), WINDOW_SAMPLES)
        sounds["speech"] = _patches(recipe, level(window, dbfs=SOUND_DBFS))
    held = run.windows("held")
    for index, family in enumerate(recipe.families):
        # The sum is larger in windows with a label of 255, which stands for unknown.
        alone = np.flatnonzero((held.labels[:, index] == 1) & (held.labels.sum(axis=1) == 1))
        for window in alone[:1]:
            sounds[family] = held.patches[window].astype(np.float32)
    return sounds


def _patches(recipe: Recipe, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    frames = LogMel(FrontEnd()).frames(samples)
    return patches(frames, recipe.patches.starts, recipe.patches.frames)
