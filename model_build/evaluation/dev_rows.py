"""Divide the dev clips of a corpus into those of the first table and those of the second.

A corpus that grows keeps its earlier figures comparable: the clips that were added later, whose
paths begin with a prefix, are measured apart.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from daemon.sound.sound_file import read_sound
from model_build.augmentations.random_room import random_room_response
from model_build.corpus.clips import Clip, Corpus
from model_build.rendering.rendered_clips import (
    ROOM_METRES,
    ROOM_RT60_SECONDS,
    heard_in_room,
    write_sound,
)
from model_build.workers import parallel_map

SECOND_PATHS = "round3/"
"""The beginning of the paths of the clips of the third round of collecting."""


class _Task(NamedTuple):
    seed: tuple[int, int]
    phrase: Path
    backgrounds: tuple[Path, ...]
    file: Path


def divided(corpus: Corpus, prefix: str) -> tuple[Corpus, Corpus | None]:
    """Return the corpus without the clips whose path begins with `prefix`, and those alone.

    There is no second corpus if the prefix is empty or no phrases begin with it, and no division
    if all phrases do.
    """
    if not prefix:
        return corpus, None
    later = [clip for clip in corpus.clips if clip.path.startswith(prefix)]
    others = [clip for clip in corpus.clips if not clip.path.startswith(prefix)]
    if not _has_phrases(later) or not _has_phrases(others):
        return corpus, None
    return corpus._replace(clips=others), corpus._replace(clips=later)


def with_rooms(
    corpus: Corpus,
    noises: Sequence[Clip],
    folder: Path,
    *,
    seed: int,
    workers: int | None = None,
) -> Corpus:
    """Return the corpus with its phrases as heard across simulated rooms, as clips in `folder`.

    Each phrase gets a room of its own, one of the `noises` of the same corpus at 10 dB SNR, and a
    level of -32 dBFS, like the clips of kind `room` in a rendered corpus. The same seed gives the
    same sound. A corpus that has clips of that kind, or no noises, is returned unchanged.
    """
    if not noises or any(clip.kind == "room" for clip in corpus.clips):
        return corpus
    backgrounds = tuple(corpus.folder / clip.path for clip in noises)
    phrases = [clip for clip in corpus.clips if clip.kind == "phrase"]
    tasks = [
        _Task((seed, number), corpus.folder / clip.path, backgrounds, folder / f"{number:05d}.flac")
        for number, clip in enumerate(phrases)
    ]
    files = list(parallel_map(_render, tasks, label="rooms", workers=workers))
    rooms = [
        msgspec.structs.replace(clip, kind="room", path=str(file.resolve()))
        for clip, file in zip(phrases, files, strict=True)
    ]
    return corpus._replace(clips=[*corpus.clips, *rooms])


def _render(task: _Task) -> Path:
    rng = np.random.default_rng(task.seed)
    response = random_room_response(
        rng, distance_metres=ROOM_METRES, rt60_seconds=ROOM_RT60_SECONDS
    )
    background = read_sound(str(task.backgrounds[int(rng.integers(len(task.backgrounds)))]))
    write_sound(task.file, heard_in_room(read_sound(str(task.phrase)), response, background, rng))
    return task.file


def _has_phrases(clips: Sequence[Clip]) -> bool:
    return any(clip.kind == "phrase" for clip in clips)
