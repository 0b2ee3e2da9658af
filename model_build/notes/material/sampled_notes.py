"""The single notes of the corpus: which of them are held back, and where each one sounds."""

import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_build.corpus.clips import Clip
from model_build.corpus.decoded import Sounds
from model_build.corpus.manifest import read_manifest, rows_of
from model_build.notes.pitch_estimate import pitch_midi
from model_build.progress import with_progress
from model_build.rendering.soundfont import SAMPLE_RATE_HZ

HELD_SHARE, HELD_SEED = 0.2, 1
"""The share of the groups that is held back for measuring single notes, and the seed."""

_STEP_SAMPLES = 80
_ATTACK_DB, _END_DB = -15.0, -32.0
_LEAST_SECONDS, _LEAST_RMS = 0.2, 1e-3
_PITCH_AFTER_SECONDS = (0.06, 0.15, 0.3)
_PITCH_SAMPLES, _LOW_PITCH_SAMPLES, _LEAST_PITCH_SAMPLES, _LOW_MIDI = 2_400, 4_000, 1_200, 50
_NEAR_SEMITONES, _OCTAVE = 0.6, 12
_LABELS_NOT_TRUSTED = ("organ",)
_OCTAVES_NOT_TRUSTED = ("reed", "brass", "flute", "string", "vocal")

Samples = NDArray[np.float32]


class SampledNote(msgspec.Struct, frozen=True):
    """A recorded note that is usable for training."""

    index: int
    """Its index among the decoded sounds."""
    family: str
    """The family of its instrument."""
    group: str
    """Notes of one group are never on both sides of a split."""
    onset_samples: int
    """Where it has risen to 15 dB below its highest level."""
    end_samples: int
    """Where it has fallen to 32 dB below, or its sound ends."""
    midi: float
    """Its measured pitch."""
    held: bool
    """True if it is held back from training."""


def pitches(corpus: Path | None) -> dict[str, float]:
    """Return the labelled MIDI number of each note of a corpus, by its path."""
    folder, manifest = read_manifest(corpus)
    return {
        row["path"]: float(row["pitch_midi"])
        for row in rows_of(folder, manifest)
        if row["kind"] == "note" and row.get("pitch_midi")
    }


def held_note_groups(clips: Iterable[Clip], labelled: Iterable[str]) -> frozenset[str]:
    """Return the groups whose notes are held back from training, for measuring.

    They are a fifth of the groups of recorded notes of split train with a pitch, drums aside.
    `labelled` are the paths of the clips with a pitch.
    """
    known = set(labelled)
    groups = sorted(
        {
            clip.group
            for clip in clips
            if clip.kind == "note"
            and (clip.split, clip.origin) == ("train", "real")
            and clip.label != "drums"
            and clip.path in known
        }
    )
    random.Random(HELD_SEED).shuffle(groups)  # noqa: S311 (not for secrets)
    return frozenset(groups[: int(HELD_SHARE * len(groups))])


def sampled_notes(
    clips: Sequence[Clip], sounds: Sounds, labelled: dict[str, float], held: frozenset[str]
) -> list[SampledNote]:
    """Return the usable notes among decoded clips; `clips` are in the order of `sounds`."""
    notes = []
    for index, clip in enumerate(with_progress(clips, "checking notes", len(clips))):
        if clip.kind != "note" or clip.path not in labelled:
            continue
        place = place_of(sounds[index], labelled[clip.path], clip.label)
        if place:
            onset, end, midi = place
            is_held = clip.group in held
            notes.append(SampledNote(index, clip.label, clip.group, onset, end, midi, is_held))
    return notes


def place_of(sound: Samples, labelled_midi: float, family: str) -> tuple[int, int, float] | None:
    """Return onset and end in samples and the measured pitch; None if it cannot be trusted."""
    steps = len(sound) // _STEP_SAMPLES
    if steps * _STEP_SAMPLES < _LEAST_SECONDS * SAMPLE_RATE_HZ:
        return None
    power = np.square(sound[: steps * _STEP_SAMPLES], dtype=np.float64)
    levels = np.sqrt(np.mean(power.reshape(steps, _STEP_SAMPLES), axis=1))
    highest = int(levels.argmax())
    if levels[highest] < _LEAST_RMS:
        return None
    onset = int((levels > levels[highest] * 10 ** (_ATTACK_DB / 20)).argmax())
    fallen = np.flatnonzero(levels[highest:] < levels[highest] * 10 ** (_END_DB / 20))
    end = highest + int(fallen[0]) if len(fallen) else steps
    deviation = _deviation(sound, onset * _STEP_SAMPLES, labelled_midi, family)
    if deviation is None:
        return None
    return onset * _STEP_SAMPLES, end * _STEP_SAMPLES, labelled_midi + deviation


def _deviation(sound: Samples, onset: int, midi: float, family: str) -> float | None:
    """Return the measured pitch minus the label; None where the label seems wrong."""
    length = _PITCH_SAMPLES if midi > _LOW_MIDI else _LOW_PITCH_SAMPLES
    found = []
    for seconds in _PITCH_AFTER_SECONDS:
        first = onset + round(seconds * SAMPLE_RATE_HZ)
        part = sound[first : first + length]
        measured = pitch_midi(part) if len(part) > _LEAST_PITCH_SAMPLES else None
        if measured is not None:
            found.append(measured - midi)
    if not found:
        return None
    deviation = float(np.median(found))
    if abs(deviation) < _NEAR_SEMITONES:
        return deviation
    octaves = abs(abs(deviation) - _OCTAVE), abs(abs(deviation) - 2 * _OCTAVE)
    near = [value for value in found if abs(value) < _NEAR_SEMITONES]
    # The measurement itself may be an octave off; on organs, the label may be.
    is_doubtful = family in (*_LABELS_NOT_TRUSTED, *_OCTAVES_NOT_TRUSTED)
    if min(octaves) >= _NEAR_SEMITONES or is_doubtful or not near:
        return None
    return float(np.median(near))
