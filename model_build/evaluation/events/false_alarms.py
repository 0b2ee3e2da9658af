"""Count false events on negatives alone, and how certain the count is."""

import msgspec

from daemon.hearing.classifier import Classifier
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.corpus.clip_sound import Samples, clip_reader
from model_build.corpus.clips import Corpus
from model_build.evaluation.events.replay import events_in
from model_build.windows.clip_sequences import clips_in_room


class Alarms(msgspec.Struct, frozen=True):
    """False events on negatives."""

    events: dict[str, int]
    """Number of events by the sort of negative."""
    minutes: float
    """Length of all negatives together, in every place."""
    interval: tuple[float, float]
    """Confidence interval (95 %) of the mean of such a count."""

    @property
    def count(self) -> int:
        """Number of all events."""
        return sum(self.events.values())


def count_alarms(
    corpus: Corpus, split: str, classifier: Classifier, places: list[tuple[Samples, float]]
) -> Alarms:
    """Replay all negatives of the split, sort by sort, in places.

    Each place is a room response and a level in dBFS.
    """
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


def poisson_interval(count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact confidence interval of a Poisson mean, Garwood (1936).

    `count` is the number of events that were observed.
    """
    from scipy.stats import chi2

    tail = (1.0 - confidence) / 2.0
    low = float(chi2.ppf(tail, 2 * count)) / 2.0 if count else 0.0
    return low, float(chi2.ppf(1.0 - tail, 2 * (count + 1))) / 2.0
