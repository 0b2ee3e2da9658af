"""Draws the sound of one window: who plays, in which room, through which microphone."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import WINDOW_SAMPLES
from model_build.augmentations.level import level
from model_build.augmentations.microphone import low_pass, microphone
from model_build.augmentations.room import room
from model_build.recipe import Recipe
from model_build.rendering.household.steady_tones import steady_tone
from model_build.windows.backgrounds import BackgroundSampler, random_hiss
from model_build.windows.clip_pool import ClipPool
from model_build.windows.parts import PartSampler, rotated_window
from model_build.windows.rooms import Rooms

UNKNOWN = 255
PART_DBFS = -20.0


class Scene(NamedTuple):
    """The sound of one window, and its labels."""

    samples: NDArray[np.float32]
    """(64 000,) in -1..1 at 16 kHz."""
    labels: NDArray[np.uint8]
    """(families,): 1 for families that play, 255 where it is not known."""
    clean: NDArray[np.float32]
    """The same sound without room, noise and microphone, (64 000,)."""


class SceneSampler:
    """Draws scenes by a recipe, from the clips and rooms of one side of the split."""

    def __init__(
        self,
        recipe: Recipe,
        pool: ClipPool,
        rooms: Rooms,
        *,
        room_probability: float,
        snr_db: tuple[float, float],
        unlabelled_share: float = 0.0,
    ) -> None:
        self._recipe = recipe
        self._pool = pool
        self._rooms = rooms
        self._parts = PartSampler(recipe, pool)
        self._backgrounds = BackgroundSampler(recipe, pool, snr_db)
        self._room_probability = room_probability
        self._unlabelled_share = unlabelled_share
        sources = np.array([pool.sources(family) for family in recipe.families], np.float64)
        weights = sources**recipe.windows.diversity_exponent
        self._shares = weights / weights.sum()

    def draw(self, rng: np.random.Generator) -> Scene:
        """Return one window with a single family, a mixture, or no instrument."""
        windows, families = self._recipe.windows, self._recipe.families
        kind = rng.random()
        if self._unlabelled_share and rng.random() < self._unlabelled_share:
            return self._unlabelled_music(rng)
        if kind < windows.negative_share:
            samples, clean = self._negative(rng)
            labels = np.zeros(len(families), np.uint8)
            return Scene(through_microphone(samples, self._recipe, rng), labels, clean)
        count = 1
        if kind < windows.negative_share + windows.mixture_share:
            count = min(len(families), 2 if rng.random() < windows.duo_share else 3)
        playing = sorted(rng.choice(len(families), count, replace=False, p=self._shares))
        samples, clean = self._mixture([families[index] for index in playing], rng)
        if rng.random() < self._recipe.noise.probability:
            samples = self._backgrounds.add(samples, rng)
        labels = np.zeros(len(families), np.uint8)
        labels[playing] = 1
        return Scene(through_microphone(samples, self._recipe, rng), labels, clean)

    def _unlabelled_music(self, rng: np.random.Generator) -> Scene:
        """Return unlabelled music, used for distillation."""
        clip = self._pool.one("unlabelled", "", rng)
        start = int(rng.integers(max(1, len(clip) - WINDOW_SAMPLES)))
        clean = level(np.resize(clip[start:], WINDOW_SAMPLES), dbfs=PART_DBFS)
        samples = clean
        if rng.random() < self._room_probability:
            samples = level(room(samples, self._rooms.draw(rng)), dbfs=PART_DBFS)
        if rng.random() < self._recipe.noise.probability:
            samples = self._backgrounds.add(samples, rng)
        labels = np.full(len(self._recipe.families), UNKNOWN, np.uint8)
        return Scene(through_microphone(samples, self._recipe, rng), labels, clean)

    def _mixture(
        self, families: Sequence[str], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the sum of the families' parts, through rooms or not, and the same clean."""
        samples, clean = np.zeros((2, WINDOW_SAMPLES), np.float32)
        in_room = rng.random() < self._room_probability
        for family in families:
            part = self._parts.draw(family, rng)
            roomed = room(part, self._rooms.draw(rng)) if in_room else part
            balance_db = rng.uniform(*self._recipe.playing.mixture_balance_db)
            samples += level(roomed, dbfs=PART_DBFS + balance_db)
            clean += level(part, dbfs=PART_DBFS + balance_db)
        return samples, clean

    def _negative(
        self, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return household noise, a steady tone, speech or silence, and the same clean."""
        sorts = self._pool.labels("negative")
        if not sorts or rng.random() < self._recipe.windows.floor_share:
            silence = np.zeros(WINDOW_SAMPLES, np.float32)
            return silence, silence
        if rng.random() < self._recipe.windows.steady_share:
            samples = steady_tone(rng, WINDOW_SAMPLES)
            return samples, level(samples, dbfs=PART_DBFS)
        sort = sorts[rng.integers(len(sorts))]
        clip = self._parts.at_speed(self._pool.one("negative", sort, rng), rng)
        samples = rotated_window(clip, rng)
        clean = level(samples, dbfs=PART_DBFS)
        if rng.random() < self._room_probability:
            samples = room(samples, self._rooms.draw(rng))
        if rng.random() < self._recipe.noise.probability / 2:
            samples = self._backgrounds.add(samples, rng)
        return samples, clean


def through_microphone(
    samples: NDArray[np.float32], recipe: Recipe, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the samples with a microphone's colouration, level and hiss."""
    settings = recipe.microphone
    if rng.random() < settings.probability:
        samples = microphone(
            samples, rng, peak_db=settings.peak_db, high_pass_hz=settings.high_pass_hz
        )
    if rng.random() < settings.low_pass_probability:
        samples = low_pass(samples, corner_hz=rng.uniform(*settings.low_pass_hz))
    samples = level(samples, dbfs=rng.uniform(*settings.level_dbfs))
    hiss = random_hiss(rng)
    floor_dbfs = rng.uniform(*recipe.noise.floor_dbfs)
    return np.asarray(np.clip(samples + level(hiss, dbfs=floor_dbfs), -1.0, 1.0), np.float32)
