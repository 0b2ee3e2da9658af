"""Sets of four-part chorales in sixteenth steps."""

import gzip
import json
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError

Chorale = NDArray[np.int64]
"""MIDI pitches of soprano, alto, tenor and bass in each sixteenth step, (steps, 4); -1: a rest."""

_JSB = "jsb-chorales-16th.json.gz"
_FAKES = Path("js-fakes", "js-fakes-16thSeparated.npz")
_EXTENDED = Path("js-fakes", "jsf-extended")
_VOICES = 4
_REMEDY = "name the folder that holds the chorales with --data"


@dataclass(frozen=True)
class ChoraleSets:
    """The chorales of a folder."""

    valid: list[Chorale]
    """Chorales of J. S. Bach for choosing between variants."""
    test: list[Chorale]
    """Chorales of J. S. Bach for the figures."""
    fakes: list[Chorale]
    """Chorales that a program composed, for training."""


def read_chorales(folder: Path) -> ChoraleSets:
    """Read the sets for measuring and the JS Fake Chorales from a folder.

    Raises InputError if a file is missing or damaged.
    """
    measured = _read_jsb(folder / _JSB)
    fakes = _read_fakes(folder / _FAKES)
    extended = [_read_midi(path) for path in sorted((folder / _EXTENDED).glob("*.mid"))]
    return ChoraleSets(measured["valid"], measured["test"], fakes + extended)


def beats(chorale: Chorale) -> Chorale:
    """Return what sounds at the beginning of each quarter note, (beats, 4)."""
    return chorale[::4]


def _read_jsb(path: Path) -> dict[str, list[Chorale]]:
    try:
        with gzip.open(path) as file:
            sets = json.load(file)
        return {name: [_with_rests(c) for c in sets[name]] for name in ("valid", "test")}
    except FileNotFoundError:
        raise InputError(f"{path}: not found; {_REMEDY}") from None
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise InputError(f"{path}: cannot be read ({error}); download it again") from None


def _with_rests(steps: list[list[float]]) -> Chorale:
    """Return the steps as an array; those with fewer than four notes get rests.

    The notes of such a step belong to the voices that are nearest to them in the nearest full step.
    """
    full = [index for index, notes in enumerate(steps) if len(notes) == _VOICES]
    chorale = np.full((len(steps), _VOICES), -1, np.int64)
    for index, notes in enumerate(steps):
        near = np.array(steps[min(full, key=lambda other: abs(other - index))])
        voices = min(
            combinations(range(_VOICES), len(notes)),
            key=lambda chosen: float(np.abs(near[list(chosen)] - notes).sum()),
        )
        chorale[index, list(voices)] = notes
    return chorale


def _read_fakes(path: Path) -> list[Chorale]:
    try:
        with np.load(path, allow_pickle=True) as arrays:
            return [np.nan_to_num(c, nan=-1).astype(np.int64) for c in arrays["pitches"]]
    except FileNotFoundError:
        raise InputError(f"{path}: not found; {_REMEDY}") from None
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: cannot be read ({error}); download it again") from None


def _read_midi(path: Path) -> Chorale:
    """Return the four highest-to-lowest voices of a MIDI file with one track a voice."""
    from mido import MidiFile

    file = MidiFile(path, clip=True)
    voices = []
    for track in file.tracks:
        voice, tick = dict[int, int](), 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                voice[round(tick * 4 / file.ticks_per_beat)] = message.note
            elif message.type in {"note_on", "note_off"}:
                voice.setdefault(round(tick * 4 / file.ticks_per_beat), -1)
        if voice:
            voices.append(voice)
    steps = max(max(voice) for voice in voices)
    chorale = np.full((steps, 4), -1, np.int64)
    for column, voice in enumerate(voices):
        for step in sorted(voice):
            chorale[step:, column] = voice[step]
    return chorale
