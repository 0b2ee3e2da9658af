"""A sound in, the events out that the daemon with its default settings makes of it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from daemon.classifier import Classifier
from daemon.hearing import Hearing
from daemon.replay import Replay
from daemon.rules import rules
from daemon.settings import Settings
from daemon.tracker import EventEnded, Tracker
from daemon.window import SAMPLE_RATE_HZ
from model_build.clips import Corpus
from model_build.day import strung
from model_build.event_figures import Span, poisson_interval

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
    settings, contract = Settings(), classifier.contract
    hop_seconds = settings.audio.hop_seconds
    of_each = rules(settings.tracker, contract.families, contract.thresholds, hop_seconds)
    tracker = Tracker(contract.families, of_each, hop_seconds)
    hearing = Hearing(classifier, settings.audio.gate_dbfs)
    events = []
    with TemporaryDirectory() as folder:
        file = Path(folder, "sound.flac")
        soundfile.write(file, samples, SAMPLE_RATE_HZ)
        player = Replay(str(file), hop_seconds)
        for window in player.windows():
            heard = hearing.hear(window)
            events += tracker.update(heard.ended_at, heard.scores)
        events += tracker.close(player.seconds)
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
            samples = strung(corpus, clips, response, dbfs=dbfs)
            seconds += len(samples) / SAMPLE_RATE_HZ
            found[sort] = found.get(sort, 0) + len(events_in(samples, classifier))
    return Alarms(found, seconds / 60.0, poisson_interval(sum(found.values())))
