"""Mix the channels of a device or recording to mono, or select one of them."""

import logging
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.sound.cancellation import Cancellation

# A channel that is constant for this long is left out of the mix: it would lower the level.
_STILL_SECONDS = 5.0
_GLANCE_SAMPLES = 1_000
# Largest ripple of a constant that a sound server resamples, relative to the constant; the
# absolute limit is less than a step of 16 bits.
_RIPPLE = 1e-4
_MOST_RIPPLE = 2e-5

log = logging.getLogger(__name__)


def mix_channels(
    blocks: NDArray[np.float32], channels: Sequence[int] | None = None
) -> NDArray[np.float32]:
    """Return the mean (n,) of the given channels of `blocks` (n, channels).

    `channels` counts from 0; None selects all.
    """
    first, *others = range(blocks.shape[1]) if channels is None else channels
    if not others:
        return blocks[:, first]
    # Ten times faster than NumPy's mean along such a short axis.
    mono = blocks[:, first] + blocks[:, others[0]]
    for channel in others[1:]:
        mono += blocks[:, channel]
    mono /= np.float32(1 + len(others))
    return mono


class Stillness(NamedTuple):
    """Describes a device that delivers a constant instead of sound."""

    is_silent: bool
    """True if the constant is zero in all used channels."""
    channel: int | None
    """The selected channel, counted from 1; None if all are mixed."""
    other: int | None
    """A channel that delivers sound but is not selected, counted from 1, or None."""

    def wrong_channel(self) -> str | None:
        """Return an error text with the remedy if another channel delivers sound, else None."""
        if self.other is None:
            return None
        value = "only digital silence" if self.is_silent else "the same value instead of sound"
        return (
            f"channel {self.channel} gives {value}; channel {self.other} gives sound: "
            f"set channel: {self.other}, or null to mix all channels"
        )


class DeviceMix:
    """Mixes the channels of a device that carry sound; silent ones would lower the level.

    `channel`, counted from 1, selects a single channel; None mixes all. `has_sound` is True if the
    last blocks varied in a used channel: a device without sound delivers exact zeros or a constant
    offset. The results depend on all calls of `mono`, in order.
    """

    def __init__(self, channel: int | None = None) -> None:
        self._channel = channel
        self._still_seconds: dict[int, float] = {}
        self._cancellation = Cancellation()
        self.has_sound = False

    @property
    def cancels(self) -> bool:
        """True if the channels are in opposite phase, so that sound is lost in the mix."""
        return self._cancellation.is_long

    def mono(self, blocks: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
        """Return the mono sound (n,) of the next `blocks` (n, channels).

        Updates `has_sound`, from these blocks alone, and `cancels`. Raises IndexError if the
        blocks do not have the selected channel.
        """
        used = self._used_channels(blocks)
        varying = self._varying_channels(blocks, used)
        self.has_sound = bool(varying)
        seconds = len(blocks) / rate_hz
        for channel in used:
            before_seconds = self._still_seconds.get(channel, math.inf)
            self._still_seconds[channel] = 0.0 if channel in varying else before_seconds + seconds
        live = [c for c in used if self._still_seconds[c] < _STILL_SECONDS]
        mono = mix_channels(blocks, live or used)
        if len(live) > 1:
            self._cancellation.update(blocks, mono, rate_hz, len(live))
        return mono

    def stillness(self, blocks: NDArray[np.float32]) -> Stillness:
        """Describe `blocks` (n, channels) in which no used channel carries sound."""
        used = self._used_channels(blocks)
        others = (c for c in range(blocks.shape[1]) if c not in used and _varies(blocks[:, c]))
        sounding = next(others, None)
        return Stillness(
            is_silent=not blocks[:, used].any(),
            channel=self._channel,
            other=None if sounding is None else sounding + 1,
        )

    def _used_channels(self, blocks: NDArray[np.float32]) -> Sequence[int]:
        return range(blocks.shape[1]) if self._channel is None else [self._channel - 1]

    def _varying_channels(self, blocks: NDArray[np.float32], used: Sequence[int]) -> list[int]:
        """Return the used channels that vary; check whole blocks only if all ends are constant."""
        varying = [c for c in used if _varies(blocks[-_GLANCE_SAMPLES:, c])]
        if varying:
            return varying
        # Just after opening, a sound server's resampler swings from zero to the offset.
        half = len(blocks) // 2
        return [c for c in used if _varies(blocks[half if self._is_new(c) else 0 :, c])]

    def _is_new(self, channel: int) -> bool:
        return self._still_seconds.get(channel, math.inf) == math.inf


class RecordingMix:
    """Mixes all channels of a recording, or selects `channel`, counted from 1, if it exists."""

    def __init__(self, name: str, channel: int | None = None) -> None:
        self._name = name
        self._channel = channel
        self._has_all = True
        self._cancellation = Cancellation()

    def mono(self, blocks: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
        """Return the mono sound (n,) of the next `blocks` (n, channels)."""
        channels = blocks.shape[1]
        if self._channel is not None and self._channel <= channels:
            return mix_channels(blocks, [self._channel - 1])
        self._warn_of_missing_channel(channels)
        mono = mix_channels(blocks)
        if channels > 1:
            self._cancellation.update(blocks, mono, rate_hz)
        return mono

    def finish(self) -> None:
        """End the recording; log a warning if its channels cancelled each other."""
        self._cancellation.judge()
        if self._cancellation.is_long or self._cancellation.covers_half:
            log.warning(
                "%s: its channels are in opposite phase for %.1f s and cancel each other when they "
                "are mixed; select one with replay --channel 1",
                self._name,
                self._cancellation.seconds,
            )

    def _warn_of_missing_channel(self, channels: int) -> None:
        if self._channel is None or not self._has_all:
            return
        self._has_all = False
        log.warning(
            "%s: no channel %d in a file with %s; %s",
            self._name,
            self._channel,
            "one channel" if channels == 1 else f"{channels} channels",
            "using that channel" if channels == 1 else "mixing them",
        )


def _varies(samples: NDArray[np.float32]) -> bool:
    """Return whether `samples` (n,) change more than once.

    A single step does not count: a device without sound may step from zero to its offset just
    after it is opened.
    """
    ripple = min(_RIPPLE * abs(samples.item(-1)), _MOST_RIPPLE)
    return int(np.count_nonzero(np.abs(np.diff(samples)) > ripple)) > 1
