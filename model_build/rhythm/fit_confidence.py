"""Fit the weights that decide whether sound has a steady tempo; print them with their figures.

Run it as `python -m model_build.rhythm.fit_confidence --corpus DIR`. Music is made up, and sound
without a tempo is speech and noise of the corpus' split `train`. Put the weights into
`daemon/practice/tempo.py`.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.practice.tempo import Rhythm, find_rhythm
from model_build.augmentations.level import level
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import room
from model_build.corpus.clip_sound import FULL_SCALE, decoded
from model_build.corpus.manifest import read_manifest, rows_of
from model_build.progress import with_progress
from model_build.rhythm.songs import make_song

CLIPS_TOGETHER = 4
TOLERANCE = 0.04
RATIOS = (1.0, 2.0, 3.0, 1 / 2, 1 / 3)
LEVEL_DBFS = -32.0
_SAMPLE_RATE_HZ = 16_000
_PENALTY = 0.3
# Music sounds like bells or a church organ, and may have a tempo.
_MUSICAL = ("church", "temple", "tuning", "bell", "music")


class Example(NamedTuple):
    """Sound whose rhythm was found, and whether that is right."""

    figures: NDArray[np.float64]
    """The figures of `Rhythm` (5,)."""
    right: bool
    """True if the tempo, half, double, a third or three times of it is right within 4 %."""
    is_music: bool
    """False for speech and noise."""


def is_near(bpm: float, true_bpm: float, ratios: tuple[float, ...] = RATIOS) -> bool:
    """Return whether a tempo is within 4 % of one of the true tempo's multiples."""
    return any(abs(bpm - k * true_bpm) <= TOLERANCE * k * true_bpm for k in ratios)


def in_room(samples: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return samples (n,) at -32 dBFS as heard in a random room with noise."""
    response = random_room_response(rng, distance_metres=(1.0, 4.0), rt60_seconds=(0.2, 0.7))
    background = coloured(rng, len(samples), exponent=float(rng.uniform(0.0, 2.0)))
    noisy = noise(
        room(samples, response), rng, background=background, snr_db=float(rng.uniform(8.0, 25.0))
    )
    return level(noisy, dbfs=LEVEL_DBFS)


def examples_of_music(songs: int, rng: np.random.Generator) -> Iterator[Example]:
    """Yield two examples of each made-up song: clean and in a room."""
    log_mel = LogMel(FrontEnd())
    for _ in with_progress(range(songs), "songs", songs):
        song = make_song(rng)
        for samples in (song.samples, in_room(song.samples, rng)):
            found = find_rhythm(log_mel.frames(samples))
            if found is not None:
                right = is_near(found.guessed_bpm, song.bpm)
                yield Example(found.figures, right, is_music=True)


def rhythms_of_negatives(
    corpus: Path, rng: np.random.Generator, most: int | None = None
) -> Iterator[Rhythm]:
    """Yield the rhythms that are found in speech and noise, four clips of `train` joined."""
    folder, manifest = read_manifest(corpus)
    paths = [
        str(folder / row["path"])
        for row in rows_of(folder, manifest)
        if row["kind"] == "negative"
        and row["split"] == "train"
        and not any(word in row["path"] for word in _MUSICAL)
    ]
    log_mel = LogMel(FrontEnd())
    rng.shuffle(paths)
    groups = [paths[k : k + CLIPS_TOGETHER] for k in range(0, len(paths), CLIPS_TOGETHER)][:most]
    for group in with_progress(groups, "negatives", len(groups)):
        sounds = [samples for samples, problem in map(decoded, group) if not problem]
        if sounds:
            joined = np.concatenate(sounds).astype(np.float32) / np.float32(FULL_SCALE)
            found = find_rhythm(log_mel.frames(joined))
            if found is not None:
                yield found


def fitted(examples: list[Example]) -> NDArray[np.float64]:
    """Return the weights (6,) of a logistic regression: one of each figure, then the bias.

    Newton's method, with a ridge of 0.3 that also holds where both classes can be separated.
    """
    inputs = np.array([np.append(example.figures, 1.0) for example in examples])
    right = np.array([example.right for example in examples], np.float64)
    weights = np.zeros(inputs.shape[1])
    ridge = _PENALTY * np.eye(len(weights))
    for _ in range(40):
        probability = 1.0 / (1.0 + np.exp(-inputs @ weights))
        curvature = inputs.T @ (inputs * (probability * (1.0 - probability))[:, None]) + ridge
        slope = inputs.T @ (probability - right) + ridge @ weights
        weights -= np.linalg.solve(curvature, slope)
    return weights


def shares(examples: list[Example], weights: NDArray[np.float64]) -> str:
    """Return a line that says how often a tempo is given to music and to other sound."""
    given = {True: 0, False: 0}
    counts = {True: 0, False: 0}
    right = 0
    for example in examples:
        counts[example.is_music] += 1
        if np.append(example.figures, 1.0) @ weights >= 0.0:
            given[example.is_music] += 1
            right += example.right
    return (
        f"music: a tempo for {given[True]} of {counts[True]}, {right} of them right; "
        f"other sound: a tempo for {given[False]} of {counts[False]}"
    )


def main() -> None:
    """Fit the weights and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=os.environ.get("TIMBREL_CORPUS"))
    parser.add_argument("--songs", type=int, default=100)
    parser.add_argument("--negatives", type=int, default=200, help="joined clips")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    examples = list(examples_of_music(options.songs, rng))
    examples += [
        Example(found.figures, right=False, is_music=False)
        for found in rhythms_of_negatives(options.corpus, rng, options.negatives)
    ]
    # Fitted on one half and measured on the other, then fitted on all.
    print("held back:", shares(examples[1::2], fitted(examples[::2])))
    weights = fitted(examples)
    print("all:", shares(examples, weights))
    print("weights:", np.round(weights, 2).tolist())


if __name__ == "__main__":
    main()
