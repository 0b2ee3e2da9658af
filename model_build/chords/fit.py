"""Fit everything that the daemon knows of harmony, from made-up songs and train negatives."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.chord_network import ChordNetwork
from daemon.system.files.whole_file import whole_file
from model_build.chords.examples import Example, draw_studio, negative_examples, song_examples
from model_build.chords.key_confidence import fitted_confidence, key_examples, summary
from model_build.chords.network import accuracy, fitted, frames_of
from model_build.practice.joined_negatives import negative_files

IN_ROOMS = (2, 1)
"""Versions of each song in rooms, beside the clean one: for the network and the confidence."""
HOUSEHOLD_SOUNDS = (4, 2)
"""Computed noises of every sort, for the same."""


class Fit(NamedTuple):
    """Fitted weights and how well they do on other songs and noises."""

    weights: dict[str, NDArray[np.float32]]
    """By name: those of `ChordNetwork`, and `confidence`."""
    report: str
    """Lines of figures."""


class Size(NamedTuple):
    """How much is made up."""

    songs: int
    """For the network; the confidence has a third as many others."""
    rooms: int = 24
    """For the network; the confidence has two thirds as many others."""
    negative_groups: int = 60
    """Most joined clips of each label of the negatives."""
    steps: int = 8_000
    """Of the training of the network."""


class Material(NamedTuple):
    """Songs in rooms, and sounds without harmony."""

    songs: list[Example]
    others: list[Example]


def fit(corpus: Path | None, size: Size, seed: int) -> Fit:
    """Fit the network on some songs, and the confidence of a key on others.

    The two use different rooms and different recordings of the corpus' train negatives. Raises
    InputError if the corpus is missing, and as `soundfont.render_parts` does.
    """
    rng = np.random.default_rng(seed)
    for_network = _material(corpus, rng, size, half=0)
    smaller = size._replace(songs=size.songs // 3, rooms=2 * size.rooms // 3)
    for_confidence = _material(corpus, rng, smaller, half=1)
    return fit_to(for_network, for_confidence, steps=size.steps, seed=seed)


def fit_to(for_network: Material, for_confidence: Material, *, steps: int, seed: int) -> Fit:
    """Fit the network and the confidence to their material."""
    frames = frames_of(for_network.songs + for_network.others)
    network = fitted(frames, np.random.default_rng([seed, 1]), steps=steps)
    chords = ChordNetwork(network)
    keys = key_examples(chords, for_confidence.songs) + key_examples(chords, for_confidence.others)
    # Measured on half of the songs, each with its versions, then fitted on all.
    seen, unseen = ([key for k, key in enumerate(keys) if k // 2 % 2 == half] for half in (0, 1))
    held_back = summary(unseen, fitted_confidence(seen))
    confidence = fitted_confidence(keys)
    right = accuracy(chords, frames_of(for_confidence.songs + for_confidence.others))
    report = "\n".join((right, held_back, summary(keys, confidence)))
    return Fit({**network, "confidence": confidence.astype(np.float32)}, report)


def write_weights(path: Path, weights: dict[str, NDArray[np.float32]]) -> None:
    """Write the weights as an .npz file in one step."""
    with whole_file(path) as fresh, fresh.open("wb") as file:
        np.savez(file, **weights)  # type: ignore[arg-type]


def _material(corpus: Path | None, rng: np.random.Generator, size: Size, *, half: int) -> Material:
    """Return clean songs, each in as many rooms as IN_ROOMS says, and sounds of half the corpus."""
    studio = draw_studio(rng, negative_files(corpus, "noise", "train", half), size.rooms)
    songs = list(song_examples(size.songs, studio, rng, in_rooms=IN_ROOMS[half]))
    others = negative_examples(
        corpus, rng, half, groups=size.negative_groups, of_each_noise=HOUSEHOLD_SOUNDS[half]
    )
    return Material(songs, list(others))
