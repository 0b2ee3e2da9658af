"""What librosa's chroma gives with the usual methods: keys by Krumhansl, chords by templates."""

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.chords.measures import Labelled

# Krumhansl and Kessler, "Tracing the dynamic changes in perceived tonal organization" (1982).
_KRUMHANSL = np.array(
    [
        [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
        [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
    ]
)
_HOP_SAMPLES = 512
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def peer_chroma(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the constant-Q chroma (12, frames) of samples (n,) at 16 kHz."""
    import librosa

    return np.asarray(
        librosa.feature.chroma_cqt(y=samples, sr=SAMPLE_RATE_HZ, hop_length=_HOP_SAMPLES),
        np.float32,
    )


def peer_key(chroma: NDArray[np.float32]) -> int:
    """Return the key 0..23 with the highest correlation of its profile."""
    mean = chroma.mean(axis=1)
    correlations = [
        np.corrcoef(mean, np.roll(profile, tonic))[0, 1]
        for profile in _KRUMHANSL
        for tonic in range(12)
    ]
    return int(np.argmax(correlations))


def peer_chords(chroma: NDArray[np.float32]) -> list[Labelled]:
    """Return the nearest triad of each frame."""
    triads = np.array(
        [
            np.roll(np.bincount([0, third, 7], minlength=12), root)
            for third in (4, 3)
            for root in range(12)
        ]
    )
    best = (triads @ chroma).argmax(axis=0)
    seconds = _HOP_SAMPLES / SAMPLE_RATE_HZ
    return [
        Labelled(
            k * seconds, (k + 1) * seconds, f"{_NAMES[chord % 12]}:{('maj', 'min')[chord // 12]}"
        )
        for k, chord in enumerate(best.tolist())
    ]
