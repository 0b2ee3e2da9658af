"""Measure models on the same phrases while noise, distance or level changes."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import WINDOW_SAMPLES
from model_build.corpus.clip_sound import clip_reader
from model_build.corpus.clips import Clip, Corpus
from model_build.evaluation.conditions import SWEPT, Conditions, draw_rooms, sound_under
from model_build.evaluation.models import Model
from model_build.progress import with_progress

PHRASES_OF_A_FAMILY = 10


class Point(msgspec.Struct, frozen=True):
    """A model's result under one condition."""

    swept: str
    """The condition that is swept, a field of `Conditions`."""
    value: float
    """Its value."""
    clips: int
    """Number of phrases."""
    top1: float
    """Share of phrases whose family is named correctly, 0..1."""
    top_score: float
    """Median of each phrase's highest score, 0..1."""
    true_score: float
    """Median of the highest score of an accepted family, 0..1."""


def sweep(
    corpus: Corpus, split: str, models: Mapping[str, Model], *, seed: int
) -> dict[str, list[Point]]:
    """Return one series of points per model, measured on the same clips.

    The same seed gives the same points. Without noise clips, noise is not swept.
    """
    rng = np.random.default_rng(seed)
    clips = [clip for clip in corpus.clips if clip.split == split]
    read = clip_reader(corpus)
    noises = [read(c) for c in clips if c.kind == "negative" and c.label == "noise"]
    phrases = _draw_phrases([clip for clip in clips if clip.kind == "phrase"], rng)
    dry = [read(clip)[:WINDOW_SAMPLES] for clip in phrases]
    rooms = draw_rooms(rng)
    steps = [(s, value) for s in SWEPT for value in SWEPT[s] if noises or s != "snr_db"]
    found: dict[str, list[Point]] = {name: [] for name in models}
    for swept, value in with_progress(steps, "conditions"):
        conditions = Conditions()._replace(**{swept: value})
        sounds = [
            # A generator of its own keeps a phrase's random choices while conditions change.
            sound_under(conditions, samples, noises, rooms, np.random.default_rng([seed, n]))
            for n, samples in enumerate(dry)
        ]
        for name, model in models.items():
            scores = np.stack([model.score(sound) for sound in sounds])
            found[name].append(_point(swept, value, scores, model.families, phrases))
    return found


def _draw_phrases(phrases: Sequence[Clip], rng: np.random.Generator) -> list[Clip]:
    """Return up to ten phrases of each family, from as many groups as possible."""
    turns: dict[str, list[tuple[int, Clip]]] = {}
    of_group: dict[str, int] = {}
    for index in rng.permutation(len(phrases)).tolist():
        clip = phrases[index]
        turn = of_group[clip.group] = of_group.get(clip.group, 0) + 1
        turns.setdefault(clip.label, []).append((turn, clip))
    return [
        clip
        for family in sorted(turns)
        for _, clip in sorted(turns[family], key=lambda t: t[0])[:PHRASES_OF_A_FAMILY]
    ]


def _point(
    swept: str,
    value: float,
    scores: NDArray[np.float32],
    families: Sequence[str],
    phrases: Sequence[Clip],
) -> Point:
    accepted = np.array([[family in clip.accepts for family in families] for clip in phrases])
    right = accepted[np.arange(len(phrases)), np.argmax(scores, axis=1)]
    return Point(
        swept=swept,
        value=value,
        clips=len(phrases),
        top1=float(np.mean(right)),
        top_score=float(np.median(scores.max(axis=1))),
        true_score=float(np.median(np.where(accepted, scores, 0.0).max(axis=1))),
    )
