"""The same phrases noisier, farther and quieter in, and how well models still hear them out."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES
from model_build.augmentations.level import level
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import room
from model_build.corpus.clip_sound import Samples, clip_reader
from model_build.corpus.clips import Clip, Corpus
from model_build.evaluation.scorers import Ear
from model_build.progress import with_progress

PHRASES_OF_A_FAMILY = 10
ROOMS = 3  # at each distance
RT60_SECONDS = (0.3, 0.6)
HISS_DBFS = -72.0


class Conditions(NamedTuple):
    """Where a phrase is heard; one of them is swept, the others stay at these."""

    distance_metres: float = 2.0
    snr_db: float | None = None
    level_dbfs: float = -32.0


SWEPT: dict[str, tuple[float, ...]] = {
    "snr_db": (0.0, 5.0, 10.0, 20.0, 30.0),
    "distance_metres": (0.5, 1.0, 2.0, 4.0),
    "level_dbfs": (-60.0, -50.0, -40.0, -30.0, -20.0),
}


class Point(msgspec.Struct, frozen=True):
    """Clips under one of the conditions: the share whose family is named right, median scores.

    `top_score` is the highest one's, `true_score` the highest accepted family's.
    """

    swept: str
    value: float
    clips: int
    top1: float
    top_score: float
    true_score: float


def sweep(
    corpus: Corpus, split: str, ears: Mapping[str, Ear], *, seed: int
) -> dict[str, list[Point]]:
    """One series of points per model, measured on the same clips; a seed gives the same points."""
    rng = np.random.default_rng(seed)
    clips = [clip for clip in corpus.clips if clip.split == split]
    read = clip_reader(corpus)
    noises = [read(c) for c in clips if c.kind == "negative" and c.label == "noise"]
    phrases = _sample([clip for clip in clips if clip.kind == "phrase"], rng)
    dry = [read(clip)[:WINDOW_SAMPLES] for clip in phrases]
    distances = {Conditions().distance_metres, *SWEPT["distance_metres"]}
    rooms = {d: [_response(d, rng) for _ in range(ROOMS)] for d in sorted(distances)}
    steps = [(s, value) for s in SWEPT for value in SWEPT[s] if noises or s != "snr_db"]
    found: dict[str, list[Point]] = {name: [] for name in ears}
    for swept, value in with_progress(steps, "conditions"):
        conditions = Conditions()._replace(**{swept: value})
        at_hand = rooms[conditions.distance_metres]
        sounds = [
            # A generator of its own: what is drawn for a phrase stays while conditions change.
            _sound(samples, noises, at_hand, conditions, np.random.default_rng([seed, n]))
            for n, samples in enumerate(dry)
        ]
        for name, ear in ears.items():
            scores = np.stack([ear.hear(sound) for sound in sounds])
            found[name].append(_point(swept, value, scores, ear.families, phrases))
    return found


def _sample(phrases: Sequence[Clip], rng: np.random.Generator) -> list[Clip]:
    """So many phrases a family, from as many groups as there are."""
    turns: dict[str, list[tuple[int, Clip]]] = {}
    of_group: dict[str, int] = {}
    for place in rng.permutation(len(phrases)).tolist():
        clip = phrases[place]
        turn = of_group[clip.group] = of_group.get(clip.group, 0) + 1
        turns.setdefault(clip.label, []).append((turn, clip))
    return [
        clip
        for family in sorted(turns)
        for _, clip in sorted(turns[family], key=lambda t: t[0])[:PHRASES_OF_A_FAMILY]
    ]


def _sound(
    dry: Samples,
    noises: Sequence[Samples],
    rooms: Sequence[Samples],
    conditions: Conditions,
    rng: np.random.Generator,
) -> Samples:
    """A phrase as it is heard under the conditions, with a little hiss."""
    sound = room(dry, rooms[int(rng.integers(len(rooms)))])
    hiss = level(coloured(rng, len(sound), exponent=1.0), dbfs=HISS_DBFS)
    if conditions.snr_db is not None:
        beside = noises[int(rng.integers(len(noises)))]
        sound = noise(sound, rng, background=beside, snr_db=conditions.snr_db)
    return level(sound, dbfs=conditions.level_dbfs) + hiss


def _response(distance_metres: float, rng: np.random.Generator) -> Samples:
    try:
        response = random_room_response(
            rng, distance_metres=distance_metres, rt60_seconds=RT60_SECONDS
        )
    except ValueError as error:
        raise InputError(str(error)) from None
    return response[:SAMPLE_RATE_HZ]


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
