"""Fit the weights that decide whether sound has a steady tempo."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.practice.beats.beat_network import BeatNetwork
from daemon.practice.tempo import find_rhythm
from model_build.practice.joined_negatives import by_fours, negative_files, read_clip
from model_build.progress import with_progress
from model_build.rhythm.examples import song_number
from model_build.rhythm.measures import RATIOS, is_near
from model_build.rhythm.surroundings import Surroundings

SOUNDS_A_LABEL = 80
"""How many joined sounds of each label there are at most."""
LABELS = ("speech", "noise", "other")
"""The labels of those clips."""

_SHORTEST_FRAMES, _LONGEST_FRAMES = 600, 2_000
_PENALTY = 0.3
# Share of the sounds without music that may get a tempo.
_GIVEN = 0.025
_STEPS = 40


class Judged(NamedTuple):
    """Sound whose rhythm was found, and whether that is right."""

    figures: NDArray[np.float64]
    """The figures of `evidence`."""
    is_right: bool
    """True if the tempo, half, double, a third or three times of it is right within 4 %."""
    is_music: bool
    """False for speech and noise."""


def write_excerpts(file: Path, numbers: range, seed: int, surroundings: Surroundings) -> None:
    """Write two excerpts of 6 to 20 s of each made-up song: clean and in surroundings.

    Does nothing if the file exists: the same seed gives the same songs.
    """
    if file.exists():
        return
    log_mel = LogMel(FrontEnd())
    excerpts: dict[str, Any] = {}
    for number in with_progress(numbers, "songs"):
        song, rng = song_number(number, seed)
        heard = surroundings.heard(song.samples, rng)
        for name, samples in (("clean", song.samples), ("heard", heard)):
            frames = log_mel.frames(samples)
            length = int(rng.integers(_SHORTEST_FRAMES, _LONGEST_FRAMES))
            start = int(rng.integers(max(1, len(frames) - length)))
            excerpts[f"{number} {name}"] = frames[start : start + length].astype(np.float16)
        excerpts[f"{number} bpm"] = np.array(song.bpm)
    unfinished = file.with_suffix(".part.npz")
    np.savez(unfinished, **excerpts)
    unfinished.replace(file)


def judged_songs(network: BeatNetwork, file: Path) -> Iterator[Judged]:
    """Yield the rhythms found in the excerpts of a file."""
    with np.load(file) as excerpts:
        for name in excerpts.files:
            number, kind = name.split()
            if kind == "bpm":
                continue
            found = find_rhythm(excerpts[name].astype(np.float32), network)
            if found is not None:
                bpm = float(excerpts[f"{number} bpm"])
                yield Judged(found.figures, is_near(found.guessed_bpm, bpm, RATIOS), is_music=True)


def judged_negatives(
    network: BeatNetwork, corpus: Path, rng: np.random.Generator
) -> Iterator[Judged]:
    """Yield the rhythms found in speech and noise of the split `train`, four clips joined.

    Raises InputError if the corpus cannot be read.
    """
    log_mel = LogMel(FrontEnd())
    groups = []
    for label in LABELS:
        files = negative_files(corpus, label, "train")
        groups += list(by_fours(files, rng))[:SOUNDS_A_LABEL]
    for group in with_progress(groups, "sounds without music"):
        joined = np.concatenate([read_clip(path) for path in group])
        found = find_rhythm(log_mel.frames(joined), network)
        if found is not None:
            yield Judged(found.figures, is_right=False, is_music=False)


def fitted(judged: list[Judged]) -> NDArray[np.float32]:
    """Return the weights (f + 1,) of a logistic regression: one of each figure, then the bias.

    Newton's method, with a ridge of 0.3 that also holds where both classes can be separated. The
    bias is then moved so that 2.5 % of the sounds without music reach a confidence of a half.
    """
    inputs = np.array([np.append(one.figures, 1.0) for one in judged])
    right = np.array([one.is_right for one in judged], np.float64)
    weights = np.zeros(inputs.shape[1])
    ridge = _PENALTY * np.eye(len(weights))
    for _ in range(_STEPS):
        probability = 1.0 / (1.0 + np.exp(-inputs @ weights))
        curvature = inputs.T @ (inputs * (probability * (1.0 - probability))[:, None]) + ridge
        slope = inputs.T @ (probability - right) + ridge @ weights
        weights -= np.linalg.solve(curvature, slope)
    other = [row for row, one in zip(inputs, judged, strict=True) if not one.is_music]
    if other:
        weights[-1] -= np.quantile(np.array(other) @ weights, 1.0 - _GIVEN)
    return weights.astype(np.float32)


def shares(judged: list[Judged], weights: NDArray[np.float32]) -> str:
    """Return a line that says how often a tempo is given to music and to other sound."""
    given = {True: 0, False: 0}
    counts = {True: 0, False: 0}
    right = 0
    for one in judged:
        counts[one.is_music] += 1
        if np.append(one.figures, 1.0) @ weights >= 0.0:
            given[one.is_music] += 1
            right += one.is_right
    return (
        f"music: a tempo for {given[True]} of {counts[True]}, {right} of them right; "
        f"other sound: a tempo for {given[False]} of {counts[False]}"
    )
