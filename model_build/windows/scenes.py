"""Draws what one training window holds: who plays, in which room, through which microphone."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES
from model_build.augmentations.level import level
from model_build.augmentations.microphone import microphone
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.room import room
from model_build.augmentations.speed import speed
from model_build.recipe import Recipe
from model_build.windows.clip_pool import Palette
from model_build.windows.phrases import beat, strung
from model_build.windows.rooms import Rooms

UNKNOWN = 255
PART_DBFS = -20.0
NOTES_OF_A_SOURCE = 8
CHORDAL = {"guitar", "keyboard", "mallet", "organ", "string", "synth_lead"}
IN_MIXTURE = (2, 3)
MOST_STRUNG = 0.8
SEAM_SAMPLES = SAMPLE_RATE_HZ // 200
SHORT_SAMPLES = WINDOW_SAMPLES // 2
COLOURS = (0.0, 2.0)  # white to brown
# Noise is what a home is full of; speech and the rest are heard beside an instrument less often.
BESIDE = {"noise": 0.7, "other": 0.15, "speech": 0.15}


class Scene(NamedTuple):
    """Samples (64 000,) in -1..1 and, for each family, 1 where it plays, 255 where nobody knows.

    `clean` is what plays without room, noise and microphone.
    """

    samples: NDArray[np.float32]
    labels: NDArray[np.uint8]
    clean: NDArray[np.float32]


class Stage:
    """Draws scenes by a recipe; every draw comes from the `rng` that it is given."""

    def __init__(
        self,
        recipe: Recipe,
        palette: Palette,
        rooms: Rooms,
        *,
        room_probability: float,
        snr_db: tuple[float, float],
        unlabelled_share: float = 0.0,
    ) -> None:
        self._recipe = recipe
        self._palette = palette
        self._rooms = rooms
        self._room_probability = room_probability
        self._snr_db = snr_db
        self._unlabelled_share = unlabelled_share
        sources = np.array([palette.sources(family) for family in recipe.families], np.float64)
        weights = sources**recipe.windows.diversity_exponent
        self._shares = weights / weights.sum()

    def draw(self, rng: np.random.Generator) -> Scene:
        """One window: a single family, a mixture, or none."""
        windows, families = self._recipe.windows, self._recipe.families
        kind = rng.random()
        if self._unlabelled_share and rng.random() < self._unlabelled_share:
            return self._unlabelled(rng)
        if kind < windows.negative_share:
            samples, clean = self._negative(rng)
            return Scene(self._heard(samples, rng), np.zeros(len(families), np.uint8), clean)
        count = 1
        if kind < windows.negative_share + windows.mixture_share:
            count = min(len(families), int(rng.integers(*IN_MIXTURE, endpoint=True)))
        playing = sorted(rng.choice(len(families), count, replace=False, p=self._shares))
        samples, clean = self._together([families[index] for index in playing], rng)
        if rng.random() < self._recipe.noise.probability:
            samples = self._beside(samples, rng)
        labels = np.zeros(len(families), np.uint8)
        labels[playing] = 1
        return Scene(self._heard(samples, rng), labels, clean)

    def _unlabelled(self, rng: np.random.Generator) -> Scene:
        """Unlabelled music, used for distillation."""
        clip = self._palette.one("unlabelled", "", rng)
        start = int(rng.integers(max(1, len(clip) - WINDOW_SAMPLES)))
        clean = level(np.resize(clip[start:], WINDOW_SAMPLES), dbfs=PART_DBFS)
        samples = clean
        if rng.random() < self._room_probability:
            samples = level(room(samples, self._rooms.draw(rng)), dbfs=PART_DBFS)
        if rng.random() < self._recipe.noise.probability:
            samples = self._beside(samples, rng)
        labels = np.full(len(self._recipe.families), UNKNOWN, np.uint8)
        return Scene(self._heard(samples, rng), labels, clean)

    def _together(
        self, families: Sequence[str], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Several families' parts, in the room and clean."""
        samples, clean = np.zeros((2, WINDOW_SAMPLES), np.float32)
        in_room = rng.random() < self._room_probability
        for family in families:
            part = self._part(family, rng)
            roomed = room(part, self._rooms.draw(rng)) if in_room else part
            balance_db = rng.uniform(*self._recipe.playing.mixture_balance_db)
            samples += level(roomed, dbfs=PART_DBFS + balance_db)
            clean += level(part, dbfs=PART_DBFS + balance_db)
        return samples, clean

    def _part(self, family: str, rng: np.random.Generator) -> NDArray[np.float32]:
        """One family's playing, (64 000,): a phrase, or strung from notes or strokes."""
        played = family in self._palette.labels("phrase")
        single = family in self._palette.labels("note")
        beaten = family == "drums" and bool(self._palette.labels("drum"))
        if played and (rng.random() >= self._strung_share(family) or not single | beaten):
            return self._window(self._sped(self._palette.one("phrase", family, rng), rng), rng)
        if beaten:
            sorts = self._palette.labels("drum")
            return beat({sort: [self._palette.one("drum", sort, rng)] for sort in sorts}, rng)
        notes = self._palette.several("note", family, NOTES_OF_A_SOURCE, rng)
        interval_seconds = self._recipe.playing.note_interval_seconds
        chords = family in CHORDAL
        return self._sped(strung(notes, rng, interval_seconds=interval_seconds, chords=chords), rng)

    def _strung_share(self, family: str) -> float:
        """The recipe's share, more where notes come from more sources than phrases do."""
        notes = self._palette.sources(family, ("note",))
        phrases = self._palette.sources(family, ("phrase",))
        return min(
            self._recipe.windows.strung_share * max(1.0, notes / max(1, phrases)), MOST_STRUNG
        )

    def _sped(self, samples: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        sped = speed(samples, semitones=rng.uniform(*self._recipe.playing.speed_semitones))
        return np.resize(sped, len(samples)) if len(samples) == WINDOW_SAMPLES else sped

    def _window(self, clip: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """The clip rotated by a random offset."""
        if len(clip) <= SHORT_SAMPLES:
            clip = np.resize(clip, WINDOW_SAMPLES)
        window = np.zeros(WINDOW_SAMPLES, np.float32)
        window[: len(clip)] = clip[:WINDOW_SAMPLES]
        fade = np.linspace(0.0, 1.0, SEAM_SAMPLES, dtype=np.float32)
        window[:SEAM_SAMPLES] *= fade
        window[-SEAM_SAMPLES:] *= fade[::-1]
        return np.roll(window, int(rng.integers(WINDOW_SAMPLES)))

    def _negative(
        self, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """No instrument: a sound of the house, people talking, or nothing; and the same clean."""
        sorts = self._palette.labels("negative")
        if not sorts or rng.random() < self._recipe.windows.floor_share:
            silence = np.zeros(WINDOW_SAMPLES, np.float32)
            return silence, silence
        sort = sorts[rng.integers(len(sorts))]
        samples = self._window(self._sped(self._palette.one("negative", sort, rng), rng), rng)
        clean = level(samples, dbfs=PART_DBFS)
        if rng.random() < self._room_probability:
            samples = room(samples, self._rooms.draw(rng))
        if rng.random() < self._recipe.noise.probability / 2:
            samples = self._beside(samples, rng)
        return samples, clean

    def _beside(
        self, samples: NDArray[np.float32], rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """The samples with something else sounding in the room."""
        snr_db = rng.uniform(*self._snr_db)
        return noise(samples, rng, background=self._background(rng), snr_db=snr_db)

    def _background(self, rng: np.random.Generator) -> NDArray[np.float32]:
        sorts = [sort for sort in BESIDE if sort in self._palette.labels("negative")]
        if not sorts or rng.random() < self._recipe.windows.floor_share:
            return coloured(rng, WINDOW_SAMPLES, exponent=rng.uniform(*COLOURS))
        weights = np.array([BESIDE[sort] for sort in sorts])
        sort = sorts[rng.choice(len(sorts), p=weights / weights.sum())]
        return self._palette.one("negative", sort, rng)

    def _heard(self, samples: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """What the microphone makes of the room's sound: colour, level, hiss."""
        settings = self._recipe.microphone
        if rng.random() < settings.probability:
            samples = microphone(
                samples, rng, peak_db=settings.peak_db, high_pass_hz=settings.high_pass_hz
            )
        samples = level(samples, dbfs=rng.uniform(*settings.level_dbfs))
        hiss = coloured(rng, WINDOW_SAMPLES, exponent=rng.uniform(*COLOURS))
        floor_dbfs = rng.uniform(*self._recipe.noise.floor_dbfs)
        return np.asarray(np.clip(samples + level(hiss, dbfs=floor_dbfs), -1.0, 1.0), np.float32)
