"""The section `front_end`: what the model gets of the sound."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from model_build.recipe.section import Count, Positive, Section, Weight

_LARGEST_FFT = 65_536
_KINDS_OF = {"bands": ("log-mel", "mfcc"), "coefficients": ("mfcc",)}
"""The kinds of front end that a key belongs to; keys that are not here belong to all."""


class FrontEndSettings(Section, frozen=True, kw_only=True, omit_defaults=True):
    """How sound becomes frames of values. Raises ValueError if a key contradicts another one."""

    kind: Literal["log-mel", "stft", "mfcc"] = "log-mel"
    """Logarithms of mel bands, logarithms of the magnitudes of an STFT, or mel-frequency cepstral
    coefficients."""
    sample_rate_hz: Annotated[int, Meta(ge=1_000, le=192_000)] = 16_000
    """Hertz; recordings with another rate are resampled."""
    frame_seconds: Annotated[float, Meta(gt=0, le=1)] = 0.025
    """Seconds of sound in a frame."""
    hop_seconds: Annotated[float, Meta(gt=0, le=1)] = 0.010
    """Seconds from the start of a frame to the start of the next."""
    fft_size: Annotated[int, Meta(ge=0, le=_LARGEST_FFT)] = 0
    """Samples of a zero-padded frame. Default: 0, the next power of two."""
    bands: Count = 64
    """Number of mel bands, also below MFCC; not for `stft`."""
    coefficients: Count = 13
    """Number of coefficients of `mfcc`, at most `bands`."""
    low_hz: Weight = 125.0
    """Lower edge of the lowest band, in hertz."""
    high_hz: Positive = 7_500.0
    """Upper edge of the highest band, in hertz, at most half of `sample_rate_hz`."""
    normalisation: Literal["none", "clip", "training"] = "training"
    """`clip`: each recording gets mean 0 and standard deviation 1. `training`: each band does, by
    the mean and deviation over the training clips of the fold."""
    chunk_seconds: Positive = 2.0
    """Seconds of sound that the model gets at once; shorter recordings are padded with silence."""
    most_chunks: Annotated[int, Meta(ge=1, le=1_000)] = 8
    """Chunks used of a recording, spread evenly over it; their scores are averaged."""

    def __post_init__(self) -> None:
        defaults = {field.name: field.default for field in msgspec.structs.fields(self)}
        for name, kinds in _KINDS_OF.items():
            if self.kind not in kinds and getattr(self, name) != defaults[name]:
                raise ValueError(f"{name} belongs to {' or '.join(kinds)}, not to {self.kind}")
        if not self.low_hz < self.high_hz:
            raise ValueError("low_hz must be below high_hz")
        if self.high_hz > self.sample_rate_hz / 2:
            raise ValueError(
                f"high_hz: {self.high_hz:g} exceeds half of sample_rate_hz, "
                f"{self.sample_rate_hz / 2:g}"
            )
        if self.fft_size and self.fft_size < self.frame_samples:
            raise ValueError(f"fft_size: a frame has {self.frame_samples} samples")
        if self.kind == "mfcc" and self.coefficients > self.bands:
            raise ValueError("coefficients must not exceed bands")
        if self.chunk_seconds < self.frame_seconds:
            raise ValueError("chunk_seconds must not be below frame_seconds")

    @property
    def frame_samples(self) -> int:
        """Samples of a frame."""
        return max(1, round(self.frame_seconds * self.sample_rate_hz))

    @property
    def hop_samples(self) -> int:
        """Samples from the start of a frame to the start of the next."""
        return max(1, round(self.hop_seconds * self.sample_rate_hz))

    @property
    def used_fft_size(self) -> int:
        """Samples of a zero-padded frame."""
        return self.fft_size or 1 << (self.frame_samples - 1).bit_length()

    @property
    def chunk_samples(self) -> int:
        """Samples of a chunk."""
        return round(self.chunk_seconds * self.sample_rate_hz)

    @property
    def chunk_frames(self) -> int:
        """Frames of a chunk."""
        return 1 + (self.chunk_samples - self.frame_samples) // self.hop_samples

    @property
    def frame_values(self) -> int:
        """Values of a frame."""
        if self.kind == "stft":
            return self.used_fft_size // 2 + 1
        return self.coefficients if self.kind == "mfcc" else self.bands
