"""Fit everything that the daemon knows of harmony, from made-up songs and train negatives."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.chord_network import ChordNetwork
from daemon.system.files.whole_file import whole_file
from model_build.chords.examples import draw_studio, negative_examples, song_examples
from model_build.chords.key_confidence import fitted_confidence, key_examples, summary
from model_build.chords.negatives import negative_paths
from model_build.chords.network import Weights, accuracy, fitted, frames_of

STEPS = 9_000
ROOMS, OTHER_ROOMS = 24, 12
_IN_ROOMS = 2  # versions of each song, beside the clean one
_NEGATIVE_GROUPS = 60
_SONGS_A_HELD_SONG = 3


class Fit(NamedTuple):
    """Fitted weights and how well they do on other songs and noises."""

    weights: dict[str, NDArray[np.float32]]
    """By name: those of `ChordNetwork`, and `confidence`."""
    report: str
    """Lines of figures."""


def fit(corpus: Path | None, *, seed: int, songs: int, steps: int = STEPS) -> Fit:
    """Fit the network on some songs, and the confidence of a key on a third as many others.

    The two use different rooms and different recordings of the corpus' train negatives. Raises
    InputError if the corpus is missing, and as `soundfont.render_parts` does.
    """
    rng = np.random.default_rng(seed)
    network = _fitted_network(corpus, rng, songs, steps)
    studio = draw_studio(rng, negative_paths(corpus, "train", "noise", 1), OTHER_ROOMS)
    held = list(song_examples(songs // _SONGS_A_HELD_SONG, studio, rng, in_rooms=1))
    negatives = list(negative_examples(corpus, rng, 1, groups=_NEGATIVE_GROUPS, of_each_noise=2))
    chords = ChordNetwork(network)
    keys = key_examples(chords, held) + key_examples(chords, negatives)
    # Measured on the other half, then fitted on all.
    halves = summary(keys[1::2], fitted_confidence(keys[::2]))
    confidence = fitted_confidence(keys)
    lines = (accuracy(chords, frames_of(held + negatives)), halves, summary(keys, confidence))
    return Fit({**network, "confidence": confidence.astype(np.float32)}, "\n".join(lines))


def write_weights(path: Path, weights: dict[str, NDArray[np.float32]]) -> None:
    """Write the weights as an .npz file in one step."""
    with whole_file(path) as fresh, fresh.open("wb") as file:
        np.savez(file, **weights)  # type: ignore[arg-type]


def _fitted_network(
    corpus: Path | None, rng: np.random.Generator, songs: int, steps: int
) -> Weights:
    studio = draw_studio(rng, negative_paths(corpus, "train", "noise", 0), ROOMS)
    examples = list(song_examples(songs, studio, rng, in_rooms=_IN_ROOMS))
    examples += negative_examples(corpus, rng, 0, groups=_NEGATIVE_GROUPS, of_each_noise=4)
    return fitted(frames_of(examples), rng, steps=steps)
