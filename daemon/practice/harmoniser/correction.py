"""A learned correction of the network's scores, against parallels and doublings.

The network sees each voice's pitch, but hardly learns from few chorales which intervals the voices
form. 84 weights on what a candidate would form with the other voices add that: on parallel fifths
and octaves (2 weights a voice), and on each pitch class that sounds already in any other voice, and
in the melody (13 each).
"""

from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from daemon.practice.harmoniser.voices import PITCH_CLASS, PITCHES, SYMBOLS, VOICES, Ints

Floats = NDArray[np.float32]

_FIFTH: Final = 7
_CANDIDATES = np.arange(SYMBOLS)
_VOICES = len(VOICES)
_Classes = Annotated[list[float], Meta(min_length=13, max_length=13)]


class Correction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Weights for bass, tenor and alto, added to the scores of the candidates."""

    parallels: Annotated[list[tuple[float, float]], Meta(min_length=_VOICES, max_length=_VOICES)]
    """Of parallel fifths and parallel octaves."""
    doublings: Annotated[list[_Classes], Meta(min_length=_VOICES, max_length=_VOICES)]
    """Of pitch classes (12, and the rest) that another voice has."""
    melody_doublings: Annotated[list[_Classes], Meta(min_length=_VOICES, max_length=_VOICES)]
    """The same for the melody, besides `doublings`."""


class Indicators(NamedTuple):
    """What each candidate would form with the voices that are chosen already."""

    parallels: Floats
    """Number of parallel fifths and octaves, (…, SYMBOLS, 2)."""
    doubled: Floats
    """1 where a voice has the candidate's pitch class, (…, SYMBOLS)."""
    melody_doubled: Floats
    """1 where the melody has it, (…, SYMBOLS)."""


def indicators(own_before: Ints, others_before: Ints, others_now: Ints) -> Indicators:
    """Return what each symbol of a voice would form with the others.

    `own_before` (…) is the voice's symbol on the last beat; `others_before` and `others_now`
    (…, others) are the symbols of the melody, which comes first, and of the lower voices chosen
    already. Symbols that are no pitch form nothing.
    """
    own, before, now = own_before[..., None], others_before, others_now
    sounding = (own < PITCHES) & (before < PITCHES) & (now < PITCHES)
    direction = np.sign(_CANDIDATES - own_before[..., None])[..., None, :]
    together = sounding[..., None] & (direction * np.sign(now - before)[..., None] > 0)
    was = (np.abs(own - before) % 12)[..., None]
    becomes = np.abs(_CANDIDATES - now[..., None]) % 12
    parallels = np.stack(
        [(together & (was == i) & (becomes == i)).sum(axis=-2) for i in (_FIFTH, 0)], axis=-1
    )
    parallels[..., PITCHES:, :] = 0
    same = (now < PITCHES)[..., None] & (
        PITCH_CLASS[np.minimum(now, PITCHES)][..., None] == PITCH_CLASS
    )
    return Indicators(
        parallels.astype(np.float32),
        same.any(axis=-2).astype(np.float32),
        same[..., 0, :].astype(np.float32),
    )


def correct(correction: Correction, voice: int, found: Indicators) -> Floats:
    """Return what to add to the scores of a voice (0: bass, 1: tenor, 2: alto), (…, SYMBOLS)."""
    doublings = np.array(correction.doublings[voice], np.float32)[PITCH_CLASS]
    melody = np.array(correction.melody_doublings[voice], np.float32)[PITCH_CLASS]
    parallels = np.array(correction.parallels[voice], np.float32)
    added: Floats = (
        found.parallels @ parallels + found.doubled * doublings + found.melody_doubled * melody
    )
    return added
