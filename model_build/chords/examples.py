"""What the daemon's analysis sees of songs and other sound, with the truth of every frame."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.analysis import heard_semitones
from daemon.practice.harmony.chord_network import NO_CHORD
from daemon.practice.harmony.keys import Steadiness
from daemon.practice.spectrum import FRAME_SAMPLES, HOP_SAMPLES
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.level import level
from model_build.augmentations.microphone import microphone
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import room
from model_build.chords.negatives import (
    household_sounds,
    joined,
)
from model_build.chords.songs import HarmonicSong, chord_classes, make_song
from model_build.practice.joined_negatives import negative_files, read_clip
from model_build.progress import with_progress

_DISTANCE_METRES, _RT60_SECONDS = (0.7, 4.0), (0.15, 0.8)
_ROOM_PROBABILITY = 0.85
_RECORDED_PROBABILITY = 0.7
_SNR_DB = (3.0, 30.0)
_LEVEL_DBFS = (-45.0, -15.0)
_PEAK_DB, _HIGH_PASS_HZ = (-9.0, 9.0), (20.0, 160.0)
_FADED_DB = -45.0  # of the loudest frame: a chord that is softer is over
_BURIED_DB = -20.0  # of the noise


class Example(NamedTuple):
    """One sound as the analysis sees it."""

    magnitudes: NDArray[np.float32]
    """Semitone magnitudes (frames, SEMITONES)."""
    steady: Steadiness
    """Of the whole sound."""
    classes: NDArray[np.int64]
    """The chord (frames,): 0..23, NO_CHORD or UNNAMED."""
    key: int | None
    """0..23, or None without a key."""
    kind: str
    """A kind of song, or the sort of a negative."""


class Studio(NamedTuple):
    """The rooms and noises that songs are heard in."""

    responses: Sequence[NDArray[np.float32]]
    """Impulse responses."""
    noises: Sequence[Path]
    """Recordings of household noise."""

    def heard(
        self, song: NDArray[np.float32], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return a song (n,) as a microphone in a room hears it, and the noise in it."""
        sound = song
        if rng.random() < _ROOM_PROBABILITY:
            sound = room(sound, self.responses[int(rng.integers(len(self.responses)))])
        background = read_clip(self.noises[int(rng.integers(len(self.noises)))])
        if rng.random() > _RECORDED_PROBABILITY or not background.any():
            background = coloured(rng, len(sound), exponent=float(rng.uniform(0.0, 2.0)))
        noisy = noise(sound, rng, background=background, snr_db=float(rng.uniform(*_SNR_DB)))
        added = noisy - sound
        heard = microphone(noisy, rng, peak_db=_PEAK_DB, high_pass_hz=_HIGH_PASS_HZ)
        gain = level(heard, dbfs=float(rng.uniform(*_LEVEL_DBFS)))
        scale = np.float32(np.abs(gain).max() / max(1e-9, float(np.abs(heard).max())))
        return gain, added * scale


def draw_studio(rng: np.random.Generator, noises: Sequence[Path], rooms: int) -> Studio:
    """Return a number of random rooms with the given recordings of noise."""
    responses = [
        random_room_response(rng, distance_metres=_DISTANCE_METRES, rt60_seconds=_RT60_SECONDS)
        for _ in with_progress(range(rooms), "rooms", rooms)
    ]
    return Studio(responses, noises)


def song_examples(
    songs: int, studio: Studio, rng: np.random.Generator, *, in_rooms: int
) -> Iterator[Example]:
    """Yield each of a number of new songs clean, and heard in `in_rooms` rooms."""
    for _ in with_progress(range(songs), "songs", songs):
        song = make_song(rng)
        yield example(song, song.samples, None)
        for _ in range(in_rooms):
            yield example(song, *studio.heard(song.samples, rng))


def example(
    song: HarmonicSong, samples: NDArray[np.float32], added: NDArray[np.float32] | None
) -> Example:
    """Return a song whose sound is `samples` (n,), of which `added` (n,) is noise."""
    magnitudes, steady = heard_semitones(samples)
    frames = len(magnitudes)
    times = (np.arange(frames) * HOP_SAMPLES + FRAME_SAMPLES / 2) / SAMPLE_RATE_HZ
    classes = chord_classes(song, times)
    music = _frame_db(samples if added is None else samples - added, frames)
    faded = music < music.max() + _FADED_DB
    if added is not None:
        faded |= music < _frame_db(added, frames) + _BURIED_DB
    classes[faded] = NO_CHORD
    return Example(magnitudes, steady, classes, song.key, song.kind)


def negative_example(samples: NDArray[np.float32], kind: str) -> Example:
    """Return a sound (n,) without harmony."""
    magnitudes, steady = heard_semitones(samples)
    return Example(magnitudes, steady, np.full(len(magnitudes), NO_CHORD), None, kind)


def negative_examples(
    corpus: Path | None, rng: np.random.Generator, half: int, *, groups: int, of_each_noise: int
) -> Iterator[Example]:
    """Yield speech, noise and other sound of `train` in joined clips, and household noise.

    `half` 0 or 1 chooses a half of the recordings. `groups` is the most of each label.
    """
    for label in ("speech", "noise", "other"):
        paths = negative_files(corpus, label, "train", half)
        for sound in with_progress(joined(paths, rng, groups), label, groups):
            yield negative_example(sound, label)
    for sound in household_sounds(rng, of_each_noise):
        yield negative_example(sound, "household")


def _frame_db(samples: NDArray[np.float32], frames: int) -> NDArray[np.float64]:
    """Return the level in decibels of each frame (frames,)."""
    power = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    starts = np.arange(frames) * HOP_SAMPLES
    mean = (power[starts + FRAME_SAMPLES] - power[starts]) / FRAME_SAMPLES
    decibels: NDArray[np.float64] = 10.0 * np.log10(mean + 1e-12)
    return decibels
