"""The recordings that are replayed through the daemon, and their replay in several processes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.room import shoebox_response
from model_build.corpus.clip_sound import Samples, clip_reader
from model_build.corpus.clips import Clip, Corpus
from model_build.evaluation.clip_scores import SPLIT
from model_build.evaluation.events.replay import events_in
from model_build.evaluation.events.replayed import Replayed, replayed
from model_build.evaluation.events.steady_sounds import steady_sounds
from model_build.evaluation.models import ModelSource
from model_build.windows.clip_sequences import clips_in_room
from model_build.windows.home_day import Day, Passage, day_at_home
from model_build.workers import parallel_map

PLACES = ((0.8, 0.25, -24.0), (2.0, 0.35, -32.0), (3.5, 0.5, -40.0))  # metres, RT60 s, dBFS


class Recording(Protocol):
    """A recording that is made in the process that replays it."""

    def make(self) -> Day:
        """Return its sound, and what is heard in it."""


class HomeDay(NamedTuple):
    """A day at home."""

    corpus: Corpus
    """The corpus whose dev clips are heard."""
    seed: int
    """Seed of the day."""
    seconds: float
    """Length of the day."""

    def make(self) -> Day:
        """Return the day."""
        return day_at_home(self.corpus, SPLIT, seed=self.seed, seconds=self.seconds)


class NegativesInRoom(NamedTuple):
    """Negatives of one sort, without pauses, in one place."""

    folder: Path
    """Folder of the corpus."""
    clips: tuple[Clip, ...]
    """The negatives."""
    response: Samples
    """Response of the place."""
    dbfs: float
    """Level of the sound."""

    def make(self) -> Day:
        """Return the sound as one passage, named by the sort."""
        read = clip_reader(Corpus(self.folder, [], [], ""))
        samples = clips_in_room(self.clips, read, self.response, dbfs=self.dbfs)
        seconds = len(samples) / SAMPLE_RATE_HZ
        return Day(samples, [Passage(self.clips[0].label, (), 0.0, seconds)])


class SteadySounds(NamedTuple):
    """Mains hum, fans, fridges and chargers."""

    seed: int
    """Seed of the sounds."""
    seconds: float
    """Length of the recording."""

    def make(self) -> Day:
        """Return the sounds."""
        return steady_sounds(seed=self.seed, seconds=self.seconds)


class _Task(NamedTuple):
    model: ModelSource
    recording: Recording


def negatives_in_rooms(corpus: Corpus, *, seed: int) -> list[NegativesInRoom]:
    """Return all dev negatives, sort by sort, in each of three places."""
    rng = np.random.default_rng(seed)
    places = [
        (shoebox_response(rng, distance_metres=metres, rt60_seconds=seconds), dbfs)
        for metres, seconds, dbfs in PLACES
    ]
    negatives = [c for c in corpus.clips if c.split == SPLIT and c.kind == "negative"]
    return [
        NegativesInRoom(
            corpus.folder, tuple(c for c in negatives if c.label == sort), response, dbfs
        )
        for sort in sorted({clip.label for clip in negatives})
        for response, dbfs in places
    ]


def replay_all(
    model: ModelSource, recordings: Sequence[Recording], workers: int | None = None
) -> list[Replayed]:
    """Replay all recordings through the daemon's scorer and tracker, in several processes."""
    tasks = [_Task(model, recording) for recording in recordings]
    return list(parallel_map(_replay, tasks, label="replays", workers=workers))


def _replay(task: _Task) -> Replayed:
    day = task.recording.make()
    events = events_in(day.samples, task.model.classifier())
    return replayed(len(day.samples) / SAMPLE_RATE_HZ, day.passages, events)
