"""Encodes samples with a lossy codec at a low bit rate and decodes them."""

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ


class _Codec(NamedTuple):
    container: str
    subtype: str
    compression: tuple[float, float]
    """libsndfile's compression level: 0 is the highest bit rate."""


CODECS = (
    _Codec("OGG", "VORBIS", (0.3, 0.95)),
    _Codec("OGG", "OPUS", (0.8, 0.95)),
    _Codec("MP3", "MPEG_LAYER_III", (0.3, 0.9)),
)


def lossy_codec(samples: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the samples, shape (n,), after a random codec at some 15 to 60 kbit/s."""
    import soundfile

    codec = CODECS[rng.integers(len(CODECS))]
    file = io.BytesIO()
    soundfile.write(
        file,
        np.clip(samples, -1.0, 1.0),
        SAMPLE_RATE_HZ,
        format=codec.container,
        subtype=codec.subtype,
        compression_level=rng.uniform(*codec.compression),
    )
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    return np.asarray(np.resize(decoded, len(samples)), np.float32)
