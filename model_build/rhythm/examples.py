"""The features and targets from which the beat network learns, in files of fifty songs."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.practice.beats.beat_network import (
    FRAME_SECONDS,
    FRAMES_PER_SECOND,
    beat_features,
)
from daemon.practice.beats.onset_strength import relative_levels, rises
from model_build.progress import with_progress
from model_build.rhythm.songs import Song, make_song
from model_build.rhythm.surroundings import Surroundings

SONGS_A_FILE = 50
_BESIDE = 0.5  # target of the frames before and after a beat


class Examples(NamedTuple):
    """Songs as the network hears them, each clean and in surroundings."""

    features: NDArray[np.float16]
    """(examples, frames, 42)."""
    targets: NDArray[np.float16]
    """Beat and downbeat, (examples, frames, 2): 1 in its frame and 0.5 beside it."""


def make_examples(
    folder: Path, songs: int, seed: int, surroundings: Surroundings, *, first: int = 0
) -> list[Path]:
    """Write the examples of songs `first` to `first + songs`; return their files, in order.

    Files that exist are kept: the same seed gives the same songs. Raises as `make_song` does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(first, first + songs, SONGS_A_FILE)
    files = [folder / f"songs-{start:05}.npz" for start in starts]
    for start, file in with_progress(zip(starts, files, strict=True), "songs", len(files)):
        if not file.exists():
            numbers = range(start, min(start + SONGS_A_FILE, first + songs))
            examples = _examples(numbers, seed, surroundings)
            unfinished = file.with_suffix(".part.npz")
            np.savez(unfinished, **examples._asdict())
            unfinished.replace(file)
    return files


def read_examples(files: list[Path]) -> Examples:
    """Return the examples in some files."""
    stored = [np.load(file) for file in files]
    return Examples(*(np.concatenate([part[name] for part in stored]) for name in Examples._fields))


def targets(song: Song, frames: int) -> NDArray[np.float16]:
    """Return the targets of a song (frames, 2)."""
    found = np.zeros((frames, 2), np.float16)
    for seconds, is_downbeat in zip(song.beats_seconds, song.is_downbeat, strict=True):
        beat = round((seconds - FRAME_SECONDS) * FRAMES_PER_SECOND)
        for frame, value in ((beat - 1, _BESIDE), (beat, 1.0), (beat + 1, _BESIDE)):
            if 0 <= frame < frames:
                found[frame, : 1 + is_downbeat] = np.maximum(found[frame, : 1 + is_downbeat], value)
    return found


def song_number(number: int, seed: int) -> tuple[Song, np.random.Generator]:
    """Return a song of its own chance, and that chance for what happens to its sound."""
    rng = np.random.default_rng((seed, number))
    return make_song(rng), rng


def _examples(numbers: range, seed: int, surroundings: Surroundings) -> Examples:
    log_mel = LogMel(FrontEnd())
    features, wanted = [], []
    for number in numbers:
        song, rng = song_number(number, seed)
        for samples in (song.samples, surroundings.heard(song.samples, rng)):
            levels = relative_levels(log_mel.frames(samples))
            if levels is not None:
                features.append(beat_features(levels, rises(levels)).astype(np.float16))
                wanted.append(targets(song, len(features[-1])))
    return Examples(np.stack(features), np.stack(wanted))
