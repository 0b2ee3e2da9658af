"""Score the corpus' dev clips with one model."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.corpus.clip_sound import clip_reader, usable
from model_build.corpus.clips import Clip, Corpus, log_skipped
from model_build.evaluation.models import Model
from model_build.progress import with_progress

SPLIT = "dev"
SINGLE_KINDS = ("phrase", "room")
"""Kinds of clips in which one family plays."""

ScoreClip = Callable[[Clip], NDArray[np.float32]]
"""A function from a clip to its scores (families,)."""


class ClipScores(NamedTuple):
    """Clips and one model's scores for them, both by kind of clip."""

    clips: dict[str, list[Clip]]
    """The dev clips of each kind."""
    scores: dict[str, NDArray[np.float32]]
    """Scores (clips, families) of the kinds that have clips."""


def clip_scorer(corpus: Corpus, model: Model) -> ScoreClip:
    """Return a function that reads a clip of the corpus and scores it with the model."""
    read = clip_reader(corpus)
    return lambda clip: model.score(read(clip))


def usable_dev_clips(corpus: Corpus) -> Corpus:
    """Return the corpus with its usable dev clips only; log a warning about the others."""
    clips, skipped = usable([clip for clip in corpus.clips if clip.split == SPLIT], corpus.folder)
    log_skipped(skipped)
    return corpus._replace(clips=clips)


def score_dev_clips(corpus: Corpus, score: ScoreClip) -> ClipScores:
    """Score the dev clips of every kind. Raises InputError if there are no phrases."""
    dev = [clip for clip in corpus.clips if clip.split == SPLIT]
    clips = {
        kind: [clip for clip in dev if clip.kind == kind]
        for kind in (*SINGLE_KINDS, "negative", "mixture")
    }
    if not clips["phrase"]:
        raise InputError(f"corpus {corpus.folder}: has no {SPLIT} phrases to measure with")
    scores = {kind: score_clips(some, score) for kind, some in clips.items() if some}
    return ClipScores(clips, scores)


def score_clips(clips: Sequence[Clip], score: ScoreClip) -> NDArray[np.float32]:
    """Return the scores (clips, families) of clips of one kind, and show the progress."""
    return np.stack([score(clip) for clip in with_progress(clips, f"{clips[0].kind} clips")])
