"""A sound in, the events out that the daemon with its default settings makes of it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from daemon.configuration.settings import Settings
from daemon.hearing.classifier import Classifier
from daemon.hearing.replay import Replay
from daemon.hearing.rules import rules
from daemon.hearing.scorer import Heard, Scorer
from daemon.hearing.tracker import EventEnded, Tracker
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.corpus.clip_sound import clip_reader
from model_build.corpus.clips import Corpus
from model_build.evaluation.event_figures import Span, poisson_interval
from model_build.windows.clip_sequences import clips_in_room

Samples = NDArray[np.float32]


class Alarms(msgspec.Struct, frozen=True):
    """False events by what sounded, over so many minutes, and the interval (95 %) of their mean."""

    events: dict[str, int]
    minutes: float
    interval: Span

    @property
    def count(self) -> int:
        """All of them."""
        return sum(self.events.values())


def events_in(samples: Samples, classifier: Classifier) -> list[EventEnded]:
    """All events of a sound, (n,) at 16 kHz, through a file and the daemon's own replay."""
    contract = classifier.contract
    seconds = len(samples) / SAMPLE_RATE_HZ
    heard = heard_windows(samples, classifier)
    return events_of(heard, seconds, contract.families, contract.thresholds)


def heard_windows(samples: Samples, classifier: Classifier) -> list[Heard]:
    """What the daemon hears in each window of a sound, (n,) at 16 kHz, with default settings."""
    audio = Settings().audio
    hearing = Scorer(classifier, audio.gate_dbfs)
    with TemporaryDirectory() as folder:
        file = Path(folder, "sound.flac")
        soundfile.write(file, samples, SAMPLE_RATE_HZ)
        return [hearing.hear(window) for window in Replay(str(file), audio.hop_seconds).windows()]


def events_of(
    heard: Iterable[Heard], seconds: float, families: Sequence[str], thresholds: Sequence[float]
) -> list[EventEnded]:
    """The events that the default tracker finds at these thresholds in `seconds` of sound."""
    settings = Settings()
    hop_seconds = settings.audio.hop_seconds
    of_each = rules(settings.tracker, families, thresholds, hop_seconds)
    tracker = Tracker(families, of_each, hop_seconds)
    events = [event for h in heard for event in tracker.update(h.ended_at, h.scores)]
    events += tracker.close(seconds)
    return [event for event in events if isinstance(event, EventEnded)]


def alarms(
    corpus: Corpus, split: str, classifier: Classifier, places: list[tuple[Samples, float]]
) -> Alarms:
    """All negatives of the split, sort by sort, in places: each a room's response and a level."""
    negatives = [c for c in corpus.clips if c.split == split and c.kind == "negative"]
    found: dict[str, int] = {}
    seconds = 0.0
    for sort in sorted({clip.label for clip in negatives}):
        clips = [clip for clip in negatives if clip.label == sort]
        for response, dbfs in places:
            samples = clips_in_room(clips, clip_reader(corpus), response, dbfs=dbfs)
            seconds += len(samples) / SAMPLE_RATE_HZ
            found[sort] = found.get(sort, 0) + len(events_in(samples, classifier))
    return Alarms(found, seconds / 60.0, poisson_interval(sum(found.values())))
