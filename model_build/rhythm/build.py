"""Make the beat network: songs, training, and the confidence of a tempo."""

from pathlib import Path

import numpy as np

from daemon.errors import InputError
from daemon.practice.beats.beat_network import BeatNetwork
from daemon.system.files.whole_file import whole_file
from model_build.rhythm.examples import make_examples, read_examples
from model_build.rhythm.fit_confidence import (
    fitted,
    judged_negatives,
    judged_songs,
    shares,
    write_excerpts,
)
from model_build.rhythm.surroundings import Surroundings, random_backgrounds
from model_build.rhythm.train import train_network

HELD_SONGS, JUDGED_SONGS = 50, 100
"""Songs that measure the training, and songs that the confidence is fitted on."""

_FIRST_HELD, _FIRST_JUDGED = 50_000, 60_000


def build_beat_network(
    folder: Path,
    corpus: Path | None,
    output: Path,
    *,
    songs: int,
    epochs: int,
    seed: int,
    resume: bool,
) -> None:
    """Make songs, fit the network and write it to `output`; print its figures.

    With `resume`, finished songs and epochs in `folder` are kept. Raises InputError without a
    corpus, whose split `train` gives noises and sound without music, and as `render_parts` does.
    """
    if corpus is None:
        raise InputError("no corpus given; set the corpus' folder with --corpus or TIMBREL_CORPUS")
    rng = np.random.default_rng(seed)
    surroundings = Surroundings(rng, random_backgrounds(corpus, rng))
    kept, excerpts = folder / "songs", folder / "excerpts.npz"
    if not resume:
        for made in [excerpts, *kept.glob("songs-*.npz")]:
            made.unlink(missing_ok=True)
    files = make_examples(kept, songs, seed, surroundings)
    held = make_examples(kept, HELD_SONGS, seed, surroundings, first=_FIRST_HELD)
    judged = range(_FIRST_JUDGED, _FIRST_JUDGED + JUDGED_SONGS)
    write_excerpts(excerpts, judged, seed, surroundings)
    network = train_network(
        read_examples(files), read_examples(held), folder, epochs=epochs, seed=seed, resume=resume
    )
    network = with_confidence(network, excerpts, corpus, seed)
    with whole_file(output) as fresh, fresh.open("wb") as opened:
        network.write(opened)
    print(f"{output}: {output.stat().st_size / 1000:.0f} kB")


def with_confidence(network: BeatNetwork, excerpts: Path, corpus: Path, seed: int) -> BeatNetwork:
    """Return the network with fitted weights of the confidence; print how often it is right."""
    judged = list(judged_songs(network, excerpts))
    judged += judged_negatives(network, corpus, np.random.default_rng(seed))
    # Fitted on one half and measured on the other, then fitted on all.
    print("held back:", shares(judged[1::2], fitted(judged[::2])))
    weights = fitted(judged)
    print("all:", shares(judged, weights))
    return network._replace(confidence=weights)
