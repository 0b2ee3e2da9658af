"""The note network as a table of layers, one row each."""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from daemon.practice.notes.stacking import STACKED_CHANNELS

KEY_OFFSETS = (-31, -28, -24, -19, -12, -7, 0, 12, 19, 24)
"""Keys that a `gather` layer brings together, in semitones from a key."""
GATHERED_CHANNELS = 8
"""Channels of each of these keys."""
HEAD_CHANNELS = 8
"""Outputs of a key: activation, onset and three bins of the contour; the others are unused.

Eight channels are as fast as five, because the kernels work on multiples of four or eight.
"""


class Layer(NamedTuple):
    """A row of the table."""

    name: str
    """Name of the layer, and of its state."""
    kind: Literal["stem", "gather", "residual", "head"]
    """`stem` reduces the bins of a key to one place; `gather` mixes distant keys; `residual` adds
    its convolution to its input; `head` gives the outputs.
    """
    kernel: tuple[int, int]
    """Frames and keys (in the stem: bins) of the convolution."""
    dilation: int
    """Frames from one row of the kernel to the next."""
    channels: int
    """Channels of the output."""
    is_past_only: bool = False
    """Whether its kernel ends with the frame itself, instead of being centred on it."""

    @property
    def memory_frames(self) -> int:
        """Frames of its input that the layer keeps from one block to the next."""
        return (self.kernel[0] - 1) * self.dilation

    @property
    def ahead_frames(self) -> int:
        """Frames after a frame that the layer sees."""
        return 0 if self.is_past_only else self.memory_frames // 2


def note_layers(
    channels: int, last_dilation: int = 1, past_layers: Collection[str] = ()
) -> tuple[Layer, ...]:
    """Return the network with `channels` channels; `last_dilation` 2 costs a frame of delay.

    The layers that `past_layers` names see no later frames, which takes their part off the delay.
    """
    block = (3, 3)
    layers = (
        Layer("stem", "stem", (3, 7), 1, channels),
        Layer("gather_1", "gather", (1, 1), 1, channels),
        Layer("block_1", "residual", block, 1, channels),
        Layer("gather_2", "gather", (1, 1), 1, channels),
        Layer("block_2", "residual", block, 2, channels),
        Layer("block_3", "residual", block, 1, channels),
        Layer("block_4", "residual", block, last_dilation, channels),
        Layer("head", "head", block, 1, HEAD_CHANNELS),
    )
    return tuple(layer._replace(is_past_only=layer.name in past_layers) for layer in layers)


def delay_frames(layers: Sequence[Layer]) -> int:
    """Return how many frames after a frame its outputs need."""
    return sum(layer.ahead_frames for layer in layers)


def million_operations_a_second(layers: tuple[Layer, ...], frames_a_second: float) -> float:
    """Return the multiply-adds of a second of sound, in millions."""
    total, before = 0, STACKED_CHANNELS
    for layer in layers:
        if layer.kind == "gather":
            gathered = GATHERED_CHANNELS * len(KEY_OFFSETS)
            total += before * GATHERED_CHANNELS + gathered * layer.channels
        else:
            total += before * layer.kernel[0] * layer.kernel[1] * layer.channels
        before = layer.channels
    return total * 88 * frames_a_second / 1e6
