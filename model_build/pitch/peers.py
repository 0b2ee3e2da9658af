"""What librosa makes of the same sound, to compare."""

import fcntl
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.pitch.melody_figures import Melody

# librosa's own rate, for which its other defaults are made.
_RATE_HZ = 22_050
_LOWEST_NOTE, _HIGHEST_NOTE = "C1", "C7"


def compile_peers() -> None:
    """Let librosa compile its functions and write them to its cache on disk, or read them.

    Several processes that compile at once can damage the cache, and later ones then crash: only one
    does so at a time.
    """
    with Path(__file__).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _call_peers()


def _call_peers() -> None:
    turns = 220.0 * np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    sound = np.sin(2.0 * np.pi * turns).astype(np.float32)
    pyin_melody(sound)
    librosa_a4_hz(sound)


def pyin_melody(samples: NDArray[np.float32]) -> Melody:
    """Return the curve of librosa.pyin from C1 to C7, with its other defaults."""
    import librosa

    sound = soxr.resample(samples, SAMPLE_RATE_HZ, _RATE_HZ)
    hz, is_voiced, _ = librosa.pyin(
        sound,
        sr=_RATE_HZ,
        fmin=float(librosa.note_to_hz(_LOWEST_NOTE)),
        fmax=float(librosa.note_to_hz(_HIGHEST_NOTE)),
        fill_na=None,
    )
    return Melody(librosa.times_like(hz, sr=_RATE_HZ), hz, is_voiced)


def librosa_a4_hz(samples: NDArray[np.float32]) -> float:
    """Return the A4 of librosa.estimate_tuning, in hertz."""
    import librosa

    sound = soxr.resample(samples, SAMPLE_RATE_HZ, _RATE_HZ)
    return float(librosa.tuning_to_A4(librosa.estimate_tuning(y=sound, sr=_RATE_HZ)))
