"""Tune the note creation on held-back clips, one rule after the other.

False notes are counted as users get them, without those that the daemon takes for hum or speech.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.practice.analysis.note_stream import NoteStream
from daemon.practice.analysis.played_note import STANDARD_A4_HZ
from daemon.practice.notes.note_creation import NoteRules
from daemon.practice.notes.note_network import NoteNetwork
from model_build.notes.activations import (
    Activations,
    ActivationSource,
    activations_of,
    notes_of_activations,
)
from model_build.notes.evaluation.note_figures import NoteScore, PlayedNote, note_score
from model_build.notes.material.clip_files import HeldClip
from model_build.progress import with_progress

TRIED: Mapping[str, Sequence[float]] = {
    "onset": (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55),
    "confirmation": (0.5, 0.6, 0.65, 0.7, 0.8),
    "ghost_strength": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
    "ghost_activation": (0.5, 0.6, 0.7, 0.8, 0.9),
    "repeat_margin": (0.05, 0.1, 0.15, 0.25),
    "release": (0.2, 0.3, 0.4),
    "shortest_frames": (2, 3, 4, 5),
}
"""The values of each rule that are tried, in this order."""

_PASSES = 2
"""Times that all rules are tried: the best value of one depends on the others."""
_LEAST_GAIN = 1e-4
_EDGE_SECONDS = 0.1
_FALSE_NOTES_WEIGHT = 0.02
"""What one false note in a clip without music costs, as F1."""


class Tuned(NamedTuple):
    """The rules that were found."""

    rules: NoteRules
    """The rules with the highest figure."""
    figures: dict[str, float]
    """Mean F1 of the clips with music, clean and in rooms, and false notes a clip without."""


class _Case(NamedTuple):
    """A held-back clip with the network's outputs."""

    activations: Activations
    annotated: list[PlayedNote]
    in_room: bool
    samples: NDArray[np.float32]


def tune(network: NoteNetwork, clips: Sequence[HeldClip]) -> Tuned:
    """Return the rules with the highest figure on the clips; the look-ahead stays the network's."""
    seconds = network.contract.frame_seconds
    cases = [
        _Case(
            activations_of(network, clip.frames),
            _inside([PlayedNote(n.onset_seconds, n.midi) for n in clip.notes], clip, seconds),
            clip.in_room,
            clip.samples,
        )
        for clip in with_progress(clips, "activations", len(clips))
    ]
    rules = network.contract.rules
    # Most trials of a later pass change rules that were tried before.
    tried = {rules: _figure(_figures(cases, rules, seconds))}
    trials = [(name, value) for name, values in TRIED.items() for value in values] * _PASSES
    for name, value in with_progress(trials, "tuning", len(trials)):
        if getattr(rules, name) == value:
            continue
        if name == "shortest_frames" and value > rules.look_ahead_frames:
            continue
        changed = msgspec.structs.replace(rules, **{name: value})
        if changed not in tried:
            tried[changed] = _figure(_figures(cases, changed, seconds))
        if tried[changed] > tried[rules] + _LEAST_GAIN:
            rules = changed
    return Tuned(rules, _figures(cases, rules, seconds, is_final=True))


def _figures(
    cases: Sequence[_Case], rules: NoteRules, frame_seconds: float, *, is_final: bool = False
) -> dict[str, float]:
    """Return the figures of all clips.

    The daemon's filter hardly changes the notes of music, but takes most of the time: until the
    rules are final, it hears only clips without music.
    """
    scores: dict[bool, list[NoteScore]] = {False: [], True: []}
    false_notes = []
    for case in cases:
        if is_final or not case.annotated:
            recognized = _heard(case, rules, frame_seconds)
        else:
            notes = notes_of_activations(case.activations, rules, frame_seconds)
            recognized = [PlayedNote(n.onset_seconds, n.midi + n.cents / 100) for n in notes]
        end = len(case.activations.onset) * frame_seconds
        recognized = [note for note in recognized if _is_inside(note, end)]
        if case.annotated:
            scores[case.in_room].append(note_score(case.annotated, recognized))
        else:
            false_notes.append(len(recognized))
    return {
        "clips": float(len(cases)),
        "f1_clean": _mean([score.f1 for score in scores[False]]),
        "precision_clean": _mean([score.precision for score in scores[False]]),
        "recall_clean": _mean([score.recall for score in scores[False]]),
        "f1_room": _mean([score.f1 for score in scores[True]]),
        "precision_room": _mean([score.precision for score in scores[True]]),
        "recall_room": _mean([score.recall for score in scores[True]]),
        "false_notes_a_clip": _mean(false_notes),
    }


def _heard(case: _Case, rules: NoteRules, frame_seconds: float) -> list[PlayedNote]:
    """Return the notes of a clip as users get them."""
    source = ActivationSource(case.activations, rules, frame_seconds)
    stream = NoteStream(source, STANDARD_A4_HZ)
    notes = stream.push(case.samples) + stream.finish()
    return [PlayedNote(note.onset, note.midi + note.cents / 100) for note in notes]


def _figure(figures: Mapping[str, float]) -> float:
    """Return what tuning maximizes."""
    f1 = (figures["f1_clean"] + figures["f1_room"]) / 2
    return f1 - _FALSE_NOTES_WEIGHT * figures["false_notes_a_clip"]


def _inside(notes: list[PlayedNote], clip: HeldClip, frame_seconds: float) -> list[PlayedNote]:
    end = len(clip.frames) * frame_seconds
    return [note for note in notes if _is_inside(note, end)]


def _is_inside(note: PlayedNote, end_seconds: float) -> bool:
    """Return whether a note is away from the clip's ends, where its sound is cut."""
    return _EDGE_SECONDS < note.onset_seconds < end_seconds - _EDGE_SECONDS


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0
