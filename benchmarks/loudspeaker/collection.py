"""Collects the statistics of all windows of one side of the split, into a file."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.loudspeaker.scenes import LIVE, WINDOWS, Places, Scene, draw_responses, draw_scenes
from benchmarks.loudspeaker.statistics import (
    NetworkStatistics,
    log_mel_statistics,
    spectrum_statistics,
)
from daemon.hearing.log_mel import LogMel
from daemon.sound.window import WINDOW_SAMPLES
from model_build.corpus.clip_sound import clip_reader
from model_build.corpus.clips import Clip, Corpus, read_corpus
from model_build.corpus.splits import held_groups
from model_build.evaluation.dev_rows import SECOND_PATHS

SEED = 20_270_301
STREAMS = {"train": 1, "dev": 2}  # of random numbers
EVENTS = {"train": 480, "dev": 160}  # pairs: live, and through a loudspeaker
ROOMS = {"train": 40, "dev": 20}
GROUPS_SHARE = 0.25  # of the groups of train: about as many as so few events can use
BACKGROUNDS = 300
PART_EVENTS = 16  # collected between two files, so that an interrupted run continues


class Collected(NamedTuple):
    """All windows of a side; the windows of an event follow each other."""

    values: dict[str, NDArray[np.float32]]
    """By kind of statistic: (windows, values)."""
    devices: NDArray[np.str_]
    """Each window's device, (windows,)."""
    groups: NDArray[np.str_]
    """The group of each window's clips, (windows,)."""

    @property
    def is_loudspeaker(self) -> NDArray[np.bool_]:
        """Return each window's class, (windows,)."""
        return np.asarray(self.devices != LIVE)


def collect(corpus_folder: Path, side: str, output: Path) -> Collected:
    """Return the side's windows; they are computed once and then read from `output`."""
    parts = [output / f"{side}-{first:04}.npz" for first in range(0, EVENTS[side], PART_EVENTS)]
    missing = [path for path in parts if not path.exists()]
    if missing:
        output.mkdir(parents=True, exist_ok=True)
        _compute(corpus_folder, side, parts)
    return combined([read_part(path) for path in parts])


def combined(several: Sequence[Collected]) -> Collected:
    """Return the windows of several parts as one."""
    names = several[0].values
    return Collected(
        {name: np.concatenate([one.values[name] for one in several]) for name in names},
        *(
            np.concatenate([getattr(one, field) for one in several])
            for field in Collected._fields[1:]
        ),
    )


def read_part(path: Path) -> Collected:
    """Return the windows of one file."""
    with np.load(path) as file:
        fields = Collected._fields[1:]
        values = {name: file[name] for name in file.files if name not in fields}
        return Collected(values, *(file[field] for field in fields))


def _compute(corpus_folder: Path, side: str, parts: Sequence[Path]) -> None:
    """Write the missing parts."""
    network = NetworkStatistics()
    front_end = LogMel(network.contract.front_end)
    corpus = read_corpus(corpus_folder, network.contract.families)
    seed = (SEED, STREAMS[side])
    read = clip_reader(corpus)
    phrases, negatives = (_clips(corpus, kind, side) for kind in ("phrase", "negative"))
    chosen = np.random.default_rng(seed).permutation(len(negatives))[:BACKGROUNDS].tolist()
    places = Places(
        draw_responses([*seed, 0], ROOMS[side]), [read(negatives[index]) for index in chosen]
    )
    for index, path in enumerate(parts):
        if not path.exists():
            events = range(index * PART_EVENTS, (index + 1) * PART_EVENTS)
            scenes = draw_scenes(phrases, read, places, events, [*seed, 1])
            _write_part(path, scenes, network, front_end)


def _write_part(
    path: Path, scenes: Iterable[Scene], network: NetworkStatistics, front_end: LogMel
) -> None:
    arrays: dict[str, Any] = defaultdict(list)
    for scene in scenes:
        for window in scene.samples.reshape(WINDOWS, WINDOW_SAMPLES):
            frames = front_end.frames(window)
            arrays["log_mel"].append(log_mel_statistics(frames))
            arrays["spectrum"].append(spectrum_statistics(window))
            for name, value in network.of(frames).items():
                arrays[name].append(value)
            arrays["devices"].append(scene.device)
            arrays["groups"].append(scene.group)
    stacked: dict[str, Any] = {name: np.array(each) for name, each in arrays.items()}
    np.savez(path, **stacked)


def _clips(corpus: Corpus, kind: str, side: str) -> Sequence[Clip]:
    """Return the clips of this kind: a share of the groups of train, or those of dev."""
    clips = [clip for clip in corpus.clips if (clip.kind, clip.split) == (kind, side)]
    if side == "dev":
        return [clip for clip in clips if not clip.path.startswith(SECOND_PATHS)]
    groups = held_groups(clips, GROUPS_SHARE, SEED, ())
    return [clip for clip in clips if clip.group in groups]
