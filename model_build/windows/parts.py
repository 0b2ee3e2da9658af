"""The part of one instrument family in a window: a phrase, or composed of notes or strokes."""

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES
from model_build.augmentations.speed import speed
from model_build.recipe import Recipe
from model_build.windows.clip_pool import ClipPool
from model_build.windows.phrases import beat_of_strokes, phrase_of_notes

NOTES_OF_A_SOURCE = 8
WITH_CHORDS = {"guitar", "keyboard", "mallet", "organ", "string", "synth_lead"}
MOST_COMPOSED = 0.8
FADE_SAMPLES = SAMPLE_RATE_HZ // 200
SHORT_SAMPLES = WINDOW_SAMPLES // 2


class PartSampler:
    """Draws the part of a family from a pool of clips."""

    def __init__(self, recipe: Recipe, pool: ClipPool) -> None:
        self._recipe = recipe
        self._pool = pool

    def draw(self, family: str, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return one family's part, (64 000,)."""
        has_phrases = family in self._pool.labels("phrase")
        has_notes = family in self._pool.labels("note")
        has_strokes = family == "drums" and bool(self._pool.labels("drum"))
        if has_phrases and (
            rng.random() >= self._composed_share(family) or not has_notes | has_strokes
        ):
            return rotated_window(self.at_speed(self._pool.one("phrase", family, rng), rng), rng)
        if has_strokes:
            sorts = self._pool.labels("drum")
            return beat_of_strokes(
                {sort: [self._pool.one("drum", sort, rng)] for sort in sorts}, rng
            )
        notes = self._pool.several("note", family, NOTES_OF_A_SOURCE, rng)
        interval_seconds = self._recipe.playing.note_interval_seconds
        chords = family in WITH_CHORDS
        part = phrase_of_notes(notes, rng, interval_seconds=interval_seconds, chords=chords)
        return self.at_speed(part, rng)

    def at_speed(
        self, samples: NDArray[np.float32], rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Return the samples at a random speed of the recipe; a window stays a window."""
        faster = speed(samples, semitones=rng.uniform(*self._recipe.playing.speed_semitones))
        return np.resize(faster, len(samples)) if len(samples) == WINDOW_SAMPLES else faster

    def _composed_share(self, family: str) -> float:
        """Return the recipe's `strung_share`, raised if notes have more sources than phrases."""
        notes = self._pool.sources(family, ("note",))
        phrases = self._pool.sources(family, ("phrase",))
        share = self._recipe.windows.strung_share * max(1.0, notes / max(1, phrases))
        return min(share, MOST_COMPOSED)


def rotated_window(clip: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the clip as a window, (64 000,), rotated by a random offset; short ones repeat."""
    if len(clip) <= SHORT_SAMPLES:
        clip = np.resize(clip, WINDOW_SAMPLES)
    window = np.zeros(WINDOW_SAMPLES, np.float32)
    window[: len(clip)] = clip[:WINDOW_SAMPLES]
    fade = np.linspace(0.0, 1.0, FADE_SAMPLES, dtype=np.float32)
    window[:FADE_SAMPLES] *= fade
    window[-FADE_SAMPLES:] *= fade[::-1]
    return np.roll(window, int(rng.integers(WINDOW_SAMPLES)))
