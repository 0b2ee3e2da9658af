"""One recording inspected: its technical facts, and what near-duplicates are found by."""

from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.log_mel import FrontEnd, LogMel
from model_build.corpus.formats.labelled import Example
from model_build.lab.data.sound import Samples, is_silent, read_example

RATE_HZ = 8_000
MOST_SAMPLES = 4 * RATE_HZ
"""Samples kept of a recording to compare it with others."""
VALUES = 128
"""Values of the vector that describes a recording's timbre."""

_VECTOR_RATE_HZ = 16_000
_FULL_SCALE = 0.999
_LEAST_SCALE = 1e-4
_CLIPPED_RUN = 3
_ACTIVE_SHARE = 0.01
"""Sound starts where the level is -40 dB below the loudest frame."""
_FRAME = 80
_QUIETEST_DB = -120.0


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Technical facts of a recording; those after `problem` are 0 if it cannot be used."""

    problem: str = ""
    """Why it cannot be used: `silent`, or the message of the decoder; empty if it can."""
    format: str = ""
    """Container and encoding, such as `WAV PCM_16`; the suffix if libsndfile cannot read it."""
    rate_hz: int = 0
    """Sample rate of the file; 0 if libsndfile cannot read it."""
    channels: int = 0
    """Channels of the file; 0 if libsndfile cannot read it."""
    seconds: float = 0.0
    """Length."""
    peak_db: float = 0.0
    """Largest sample, dBFS."""
    level_db: float = 0.0
    """Root of the mean square, dBFS."""
    clipped: int = 0
    """Samples in runs of three or more at full scale."""


class Inspected(NamedTuple):
    """What is known of one recording."""

    facts: Facts
    """Its facts."""
    vector: NDArray[np.float32]
    """Mean and deviation of its log-mel bands at equal loudness, (VALUES,)."""
    sound: NDArray[np.float16]
    """Its first sound at RATE_HZ with a root mean square of 1, (at most MOST_SAMPLES,)."""


def inspect_example(example: Example) -> Inspected:
    """Return the facts of a recording, and what it is compared by; empty arrays if it is broken."""
    kind, rate_hz, channels = _header(example.file)
    used_hz = rate_hz or _VECTOR_RATE_HZ
    try:
        samples = read_example(example, used_hz)
    except InputError as error:
        return _unusable(Facts(error.lines[0], kind, rate_hz, channels))
    peak = float(np.abs(samples).max(initial=0.0))
    facts = Facts(
        problem="silent" if is_silent(samples) else "",
        format=kind,
        rate_hz=rate_hz,
        channels=channels,
        seconds=len(samples) / used_hz,
        peak_db=_decibels(peak),
        level_db=_decibels(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))),
        clipped=clipped_samples(samples),
    )
    if facts.problem:
        return _unusable(facts)
    heard = _from_first_sound(_resampled(samples, used_hz, _VECTOR_RATE_HZ))
    sound = _resampled(heard, _VECTOR_RATE_HZ, RATE_HZ)[:MOST_SAMPLES]
    scale = max(float(np.sqrt(np.mean(np.square(sound)))), _LEAST_SCALE)
    return Inspected(facts, timbre_vector(heard), (sound / scale).astype(np.float16))


def clipped_samples(samples: Samples) -> int:
    """Return how many samples are in runs of three or more at full scale of the same sign."""
    count = 0
    for full in (samples >= _FULL_SCALE, samples <= -_FULL_SCALE):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], full.astype(np.int8), [0]])))
        runs = edges[1::2] - edges[::2]
        count += int(runs[runs >= _CLIPPED_RUN].sum())
    return count


def timbre_vector(samples: Samples) -> NDArray[np.float32]:
    """Return mean and deviation of the log-mel bands at equal loudness, (VALUES,), of 16 kHz."""
    front_end = FrontEnd()
    padded = np.pad(samples, (0, max(0, front_end.frame_samples - len(samples))))
    loud = padded * np.float32(0.1 / max(float(np.sqrt(np.mean(np.square(samples)))), 1e-6))
    frames = LogMel(front_end).frames(loud.astype(np.float32))
    level = np.exp(frames).sum(axis=1)
    frames = frames[level >= level.max() * _ACTIVE_SHARE**0.5]
    return np.concatenate([frames.mean(axis=0), frames.std(axis=0)]).astype(np.float32)


def _header(file: str) -> tuple[str, int, int]:
    try:
        info = soundfile.info(file)
    except (soundfile.LibsndfileError, OSError):
        return Path(file).suffix.lstrip(".").upper(), 0, 0
    return f"{info.format} {info.subtype}", info.samplerate, info.channels


def _unusable(facts: Facts) -> Inspected:
    return Inspected(facts, np.zeros(VALUES, np.float32), np.empty(0, np.float16))


def _resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    if from_hz == to_hz:
        return samples
    return np.asarray(soxr.resample(samples, from_hz, to_hz), np.float32)


def _from_first_sound(samples: Samples) -> Samples:
    """Return the samples without the silence at the start and at the end."""
    count = max(1, len(samples) // _FRAME)
    peaks = np.abs(samples[: count * _FRAME]).reshape(count, -1).max(axis=1)
    loud = np.flatnonzero(peaks >= peaks.max() * _ACTIVE_SHARE)
    return samples[loud[0] * _FRAME : (loud[-1] + 1) * _FRAME + _FRAME]


def _decibels(value: float) -> float:
    return 20.0 * float(np.log10(value)) if value > 0 else _QUIETEST_DB
