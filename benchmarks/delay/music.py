"""The music of a measurement: passages of different instruments, with pauses between them."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import load_classifier
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.level import level
from model_build.corpus.clip_sound import clip_reader
from model_build.corpus.clips import Clip, read_corpus
from model_build.rendering.general_midi import PROGRAMS
from model_build.rendering.players import play
from model_build.windows.clip_sequences import crossfaded, without_padding
from model_build.windows.home_day import Passage

CLIPS = 3  # of 4 s, in a passage
LEVEL_DBFS = -26.0
GAP_SECONDS = (7.5, 8.5)
DITHER = 1e-4  # in the pauses
AUDIBLE = 20 * DITHER  # far above the dither, far below the music

Samples = NDArray[np.float32]


class Music(NamedTuple):
    """The sound of one passage."""

    accepts: tuple[str, ...]
    """The families that count as right."""
    name: str
    """The instrument or recording."""
    samples: Samples
    """(n,) at 16 kHz, from its first audible sample on."""


class Session(NamedTuple):
    """All passages one after the other."""

    samples: Samples
    """(n,) at 16 kHz; digital silence in the pauses."""
    passages: list[Passage]
    """The passages, in order."""
    names: list[str]
    """The instrument or recording of each passage."""


def rendered_music(rng: np.random.Generator) -> Iterator[Music]:
    """Yield music on random instruments, the families in random turns."""
    families = sorted({program.family for program in PROGRAMS})
    while True:
        for family in rng.permutation(families).tolist():
            own = [program for program in PROGRAMS if program.family == family]
            program = own[int(rng.integers(len(own)))]
            yield Music(program.accepts, program.name, _audible(play(program, rng, CLIPS)))


def recorded_music(corpus: Path, rng: np.random.Generator) -> Iterator[Music]:
    """Yield dev phrases of random groups of a corpus, the families in random turns.

    Raises InputError if the corpus cannot be used or has none.
    """
    every = read_corpus(corpus, load_classifier().contract.families)
    read = clip_reader(every)
    groups: dict[str, dict[str, list[Clip]]] = {}
    for clip in every.clips:
        if clip.split == "dev" and clip.kind == "phrase":
            groups.setdefault(clip.label, {}).setdefault(clip.group, []).append(clip)
    if not groups:
        raise InputError(f"corpus {corpus}: has no dev phrases to play")
    while True:
        for family in rng.permutation(sorted(groups)).tolist():
            group = str(rng.choice(sorted(groups[family])))
            clips = np.resize(np.array(groups[family][group], object), CLIPS).tolist()
            parts = [level(without_padding(read(clip)), dbfs=LEVEL_DBFS) for clip in clips]
            yield Music(clips[0].accepts, group, _audible(crossfaded(parts)))


def session_of(music: Iterator[Music], count: int, rng: np.random.Generator) -> Session:
    """Return `count` passages with pauses; neighbours have no family in common.

    An event lasts beyond its pause, so that the same family would not start again.
    """
    parts: list[Samples] = []
    passages: list[Passage] = []
    names: list[str] = []
    now, before = 0, set[str]()
    while len(passages) < count:
        one = next(music)
        if before & set(one.accepts):
            continue
        before = set(one.accepts)
        pause = round(rng.uniform(*GAP_SECONDS) * SAMPLE_RATE_HZ)
        start, end = now + pause, now + pause + len(one.samples)
        parts += [np.zeros(pause, np.float32), one.samples]
        times = start / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ
        passages.append(Passage("music", one.accepts, *times))
        names.append(one.name)
        now = end
    parts.append(np.zeros(round(GAP_SECONDS[1] * SAMPLE_RATE_HZ), np.float32))
    return Session(np.concatenate(parts), passages, names)


def _audible(samples: Samples) -> Samples:
    """Return the samples at LEVEL_DBFS, from the first audible one on."""
    loud = level(samples, dbfs=LEVEL_DBFS)
    return loud[int(np.flatnonzero(np.abs(loud) > AUDIBLE)[0]) :]
