"""Replay a sound through the daemon's scorer and tracker with default settings."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import soundfile

from daemon.configuration.settings import Settings, TrackerSettings
from daemon.hearing.classifier import Classifier
from daemon.hearing.replay import Replay
from daemon.hearing.rules import rules
from daemon.hearing.scorer import Heard, Scorer
from daemon.hearing.tracker import Event, Tracker
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.corpus.clip_sound import Samples

_DEFAULTS = Settings()


def events_in(samples: Samples, classifier: Classifier) -> list[Event]:
    """Return the starts and ends of all events of a sound, (n,) at 16 kHz."""
    contract = classifier.contract
    seconds = len(samples) / SAMPLE_RATE_HZ
    heard = heard_windows(samples, classifier)
    return events_of(heard, seconds, contract.families, contract.thresholds)


def heard_windows(samples: Samples, classifier: Classifier) -> list[Heard]:
    """Return level, scores and patches of each window of a sound, (n,) at 16 kHz.

    The sound goes through a file and the daemon's own replay.
    """
    audio = _DEFAULTS.audio
    scorer = Scorer(classifier, audio.gate_dbfs)
    with TemporaryDirectory() as folder:
        file = Path(folder, "sound.flac")
        soundfile.write(file, samples, SAMPLE_RATE_HZ)
        return [scorer.hear(window) for window in Replay(str(file), audio.hop_seconds).windows()]


def events_of(
    heard: Iterable[Heard],
    seconds: float,
    families: Sequence[str],
    thresholds: Sequence[float],
    settings: TrackerSettings = _DEFAULTS.tracker,
) -> list[Event]:
    """Return the starts and ends that the tracker finds at these thresholds in `seconds` of sound.

    They are in the order in which the daemon would publish them.
    """
    hop_seconds = _DEFAULTS.audio.hop_seconds
    of_each = rules(settings, families, thresholds, hop_seconds)
    tracker = Tracker(families, of_each, hop_seconds)
    events = [e for h in heard for e in tracker.update(h.ended_at, h.scores, h.patches)]
    return events + tracker.close(seconds)
