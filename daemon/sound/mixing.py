"""From the channels of a device or a recording to the one that is heard."""

import logging
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.sound.cancellation import Cancellation

# A channel that gives one value for so long is not mixed: it would only make the others quieter.
_STILL_SECONDS = 5.0
_GLANCE_SAMPLES = 1_000
# Of a constant that a sound server resamples; less than a step of 16 bits.
_RIPPLE = 1e-4
_MOST_RIPPLE = 2e-5

log = logging.getLogger(__name__)


def mixed(
    blocks: NDArray[np.float32], channels: Sequence[int] | None = None
) -> NDArray[np.float32]:
    """The mean (n,) of some channels of (n, channels), counted from 0; None: of all."""
    first, *others = range(blocks.shape[1]) if channels is None else channels
    if not others:
        return blocks[:, first]
    # Ten times faster than the mean along an axis this short.
    mono = blocks[:, first] + blocks[:, others[0]]
    for channel in others[1:]:
        mono += blocks[:, channel]
    mono /= np.float32(1 + len(others))
    return mono


class Stillness(NamedTuple):
    """What a device gives instead of sound: zeros, or one other value.

    `other`, counted from 1, is a channel that gives sound while the chosen `channel` does not.
    """

    is_silent: bool
    channel: int | None
    other: int | None

    def wrong_channel(self) -> str | None:
        """A sentence with the remedy where another channel gives sound."""
        if self.other is None:
            return None
        value = (
            "nothing but digital silence" if self.is_silent else "the same value instead of sound"
        )
        return (
            f"channel {self.channel} gives {value}; channel {self.other} gives sound: "
            f"set channel: {self.other}, or null to mix all channels"
        )


class DeviceMix:
    """Mixes the channels of a device that sound, so that a silent one costs no level.

    `channel`, counted from 1, is heard alone; None mixes. `moves` tells whether the last blocks
    held sound in a channel that is heard: a device without sound gives exact zeros, or its offset.
    It, `cancels` and the choice of silent channels follow from all calls of `mono`, in order.
    """

    def __init__(self, channel: int | None = None) -> None:
        self._channel = channel
        self._still_seconds: dict[int, float] = {}
        self._cancellation = Cancellation()
        self.moves = False

    @property
    def cancels(self) -> bool:
        """Whether the channels are in opposite phase, so that sound was lost in the mix."""
        return self._cancellation.is_long

    def mono(self, blocks: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
        """The one channel (n,) of the next blocks (n, channels).

        Updates `moves`, by these blocks alone, and `cancels`. Raises IndexError if
        the blocks do not have the chosen channel.
        """
        heard = self._heard(blocks)
        moving = self._moving(blocks, heard)
        self.moves = bool(moving)
        seconds = len(blocks) / rate_hz
        for channel in heard:
            before_seconds = self._still_seconds.get(channel, math.inf)
            self._still_seconds[channel] = 0.0 if channel in moving else before_seconds + seconds
        live = [c for c in heard if self._still_seconds[c] < _STILL_SECONDS]
        mono = mixed(blocks, live or heard)
        if len(live) > 1:
            self._cancellation.follow(blocks, mono, rate_hz, len(live))
        return mono

    def stillness(self, blocks: NDArray[np.float32]) -> Stillness:
        """Describe blocks (n, channels) in which no heard channel moves."""
        heard = self._heard(blocks)
        others = (c for c in range(blocks.shape[1]) if c not in heard and _moves(blocks[:, c]))
        sounding = next(others, None)
        return Stillness(
            is_silent=not blocks[:, heard].any(),
            channel=self._channel,
            other=None if sounding is None else sounding + 1,
        )

    def _heard(self, blocks: NDArray[np.float32]) -> Sequence[int]:
        return range(blocks.shape[1]) if self._channel is None else [self._channel - 1]

    def _moving(self, blocks: NDArray[np.float32], heard: Sequence[int]) -> list[int]:
        """The channels that sound; only where none does at a glance they are looked at whole."""
        moving = [c for c in heard if _moves(blocks[-_GLANCE_SAMPLES:, c])]
        if moving:
            return moving
        # Just opened, a sound server's resampler swings from zero to the offset.
        half = len(blocks) // 2
        return [c for c in heard if _moves(blocks[half if self._is_new(c) else 0 :, c])]

    def _is_new(self, channel: int) -> bool:
        return self._still_seconds.get(channel, math.inf) == math.inf


class RecordingMix:
    """Mixes all channels of a recording, or takes one, counted from 1, where it has that many."""

    def __init__(self, name: str, channel: int | None = None) -> None:
        self._name = name
        self._channel = channel
        self._has_all = True
        self._cancellation = Cancellation()

    def mono(self, blocks: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
        """The one channel (n,) of the next blocks (n, channels)."""
        channels = blocks.shape[1]
        if self._channel is not None and self._channel <= channels:
            return mixed(blocks, [self._channel - 1])
        self._note_channels(channels)
        mono = mixed(blocks)
        if channels > 1:
            self._cancellation.follow(blocks, mono, rate_hz)
        return mono

    def finish(self) -> None:
        """The recording has ended: warn where its channels cancelled each other."""
        self._cancellation.judge()
        if self._cancellation.is_long or self._cancellation.is_most:
            log.warning(
                "%s: its channels are in opposite phase for %.1f s and cancel each other when they "
                "are mixed; hear one alone with replay --channel 1",
                self._name,
                self._cancellation.seconds,
            )

    def _note_channels(self, channels: int) -> None:
        if self._channel is None or not self._has_all:
            return
        self._has_all = False
        log.warning(
            "%s: it has %s, so channel %d is not there; %s",
            self._name,
            "one channel" if channels == 1 else f"{channels} channels",
            self._channel,
            "that one is heard" if channels == 1 else "they are mixed",
        )


def _moves(samples: NDArray[np.float32]) -> bool:
    """Whether samples (n,) hold more than one value, or more than one step to another.

    A device without sound may still step from zero to its offset after it was opened.
    """
    ripple = min(_RIPPLE * abs(samples.item(-1)), _MOST_RIPPLE)
    return int(np.count_nonzero(np.abs(np.diff(samples)) > ripple)) > 1
