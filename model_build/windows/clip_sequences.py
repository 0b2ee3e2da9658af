"""Joins clips to longer sound without gaps."""

from collections.abc import Sequence

import numpy as np

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.level import level
from model_build.augmentations.room import room
from model_build.corpus.clip_sound import ReadClip, Samples
from model_build.corpus.clips import Clip

FADE_SAMPLES = SAMPLE_RATE_HZ // 20
SILENT_PEAK = 1e-3


def clips_in_room(
    clips: Sequence[Clip], read: ReadClip, response: Samples, *, dbfs: float
) -> Samples:
    """Return all clips in order, as heard through a room's response, at an RMS level of `dbfs`.

    The clips are brought to the same level before they are joined.
    """
    parts = [level(without_padding(read(clip)), dbfs=dbfs) for clip in clips]
    return np.clip(level(room(crossfaded(parts), response), dbfs=dbfs), -1.0, 1.0)


def without_padding(samples: Samples) -> Samples:
    """Return the samples without the silence at their end, but at least two fades long."""
    loud = np.flatnonzero(np.abs(samples) > SILENT_PEAK)
    end = int(loud[-1]) + 1 if len(loud) else len(samples)
    return samples[: max(end, 2 * FADE_SAMPLES)]


def crossfaded(parts: Sequence[Samples]) -> Samples:
    """Return the parts one after the other, each faded into the next over FADE_SAMPLES."""
    fade = np.linspace(0.0, 1.0, FADE_SAMPLES, dtype=np.float32)
    whole = np.zeros(sum(len(p) - FADE_SAMPLES for p in parts) + FADE_SAMPLES, np.float32)
    at = 0
    for part in parts:
        faded = part.copy()
        faded[:FADE_SAMPLES] *= fade
        faded[-FADE_SAMPLES:] *= fade[::-1]
        whole[at : at + len(faded)] += faded
        at += len(faded) - FADE_SAMPLES
    return whole
