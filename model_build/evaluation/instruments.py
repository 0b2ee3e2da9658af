"""Measure how well a model's embedding names the instruments of a home after a short lesson."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier
from daemon.hearing.log_mel import LogMel
from daemon.hearing.patches import patches
from model_build.corpus.clip_sound import Samples, clip_reader
from model_build.corpus.clips import Clip, Corpus
from model_build.evaluation.models import daemon_window
from model_build.progress import with_progress

TAUGHT_WINDOWS = 3
HOMES = 1_000
INSTRUMENTS_AT_HOME = 4
TRIES_AMONG_ALL = 20

Embeddings = NDArray[np.float32]


class InstrumentFigures(msgspec.Struct, frozen=True):
    """How often the instrument with the most similar embedding is the right one."""

    instruments: int
    """Instruments with at least one window beside the taught ones."""
    windows: int
    """Windows of these instruments."""
    at_home: float
    """Share of windows named correctly among the few instruments of a home, 0..1."""
    of_all: float
    """The same share among all instruments."""


def measure_instruments(
    corpus: Corpus, classifier: Classifier, *, seed: int
) -> InstrumentFigures | None:
    """Measure the embedding on the corpus' phrases, whose groups are instruments.

    Return None if the model has no embedding, or if too few groups have enough phrases.
    """
    if classifier.contract.embedding_values is None:
        return None
    phrases = [clip for clip in corpus.clips if clip.kind == "phrase"]
    by_group: dict[str, list[Clip]] = defaultdict(list)
    for clip in phrases:
        by_group[clip.group].append(clip)
    enough = [some for _, some in sorted(by_group.items()) if len(some) > TAUGHT_WINDOWS]
    if len(enough) < INSTRUMENTS_AT_HOME:
        return None
    read = clip_reader(corpus)
    named = [
        np.stack([embedding_of(read(clip), classifier) for clip in some])
        for some in with_progress(enough, "instruments")
    ]
    return instrument_figures(named, np.random.default_rng(seed))


def embedding_of(samples: Samples, classifier: Classifier) -> Embeddings:
    """Return the embedding (values,) of the first window: the mean over its patches.

    The model must have an embedding.
    """
    contract = classifier.contract
    frames = LogMel(contract.front_end).frames(daemon_window(samples).samples)
    found = []
    for patch in patches(frames, contract.patch_starts, contract.patch_frames):
        classifier.logits(patch)
        found.append(classifier.embedding())
    return np.asarray(np.mean(np.array(found), axis=0), np.float32)


def instrument_figures(
    instruments: Sequence[Embeddings], rng: np.random.Generator
) -> InstrumentFigures:
    """Return the figures of the embeddings (windows, values) of each instrument.

    Each of HOMES homes has INSTRUMENTS_AT_HOME different instruments, drawn at random from all,
    whatever their families; TRIES_AMONG_ALL further homes have all of them. In each home,
    TAUGHT_WINDOWS random windows of each instrument are taught, and every other window of these
    instruments is named by the highest cosine to the mean of the taught ones. A home's share of
    windows named correctly is the mean over its instruments, and the figure is the mean over the
    homes. Each instrument needs more than TAUGHT_WINDOWS windows.
    """
    units = [_unit(windows) for windows in instruments]
    homes = [
        _named_right([units[i] for i in rng.permutation(len(units))[:INSTRUMENTS_AT_HOME]], rng)
        for _ in range(HOMES)
    ]
    return InstrumentFigures(
        instruments=len(units),
        windows=sum(map(len, units)),
        at_home=float(np.mean(homes)),
        of_all=float(np.mean([_named_right(units, rng) for _ in range(TRIES_AMONG_ALL)])),
    )


def _named_right(home: Sequence[Embeddings], rng: np.random.Generator) -> float:
    """Teach each instrument of a home, and return the share of other windows named correctly."""
    orders = [rng.permutation(len(windows)) for windows in home]
    taught = np.stack(
        [w[order[:TAUGHT_WINDOWS]].mean(axis=0) for w, order in zip(home, orders, strict=True)]
    )
    taught = _unit(taught)
    shares = [
        np.mean(np.argmax(windows[order[TAUGHT_WINDOWS:]] @ taught.T, axis=1) == number)
        for number, (windows, order) in enumerate(zip(home, orders, strict=True))
    ]
    return float(np.mean(shares))


def _unit(embeddings: Embeddings) -> Embeddings:
    """Return the embeddings (n, values) divided by their lengths; a zero one stays zero."""
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return np.asarray(embeddings / np.maximum(lengths, 1e-12), np.float32)
