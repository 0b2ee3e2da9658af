"""Decode what the note model takes from the corpus: notes, noise, drum strokes, responses."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.corpus.clips import Clip, Corpus, log_skipped, read_corpus
from model_build.corpus.decoded import Sounds, decode
from model_build.notes.material.sampled_notes import (
    SampledNote,
    held_note_groups,
    pitches,
    sampled_notes,
)
from model_build.notes.run_files import NoteRun
from model_build.rendering.general_midi import FAMILIES
from model_build.run_folder import write_json

KINDS = {"note", "negative", "drum", "rir"}
MUSICAL_NAMES = ("church", "temple", "tuning", "bell", "music")
"""Negatives with one of these in their path may hold notes."""

_HELD_SHARE = 0.15
_RENDERED_HERE = "fluidr3"

Samples = NDArray[np.float32]


class CorpusSounds(NamedTuple):
    """The decoded sounds of one side."""

    sounds: Sounds
    """All decoded sounds."""
    notes: list[SampledNote]
    """The side's notes."""
    negatives: list[Samples]
    """Its noise, speech and other sound without notes."""
    speech: list[Samples]
    """The speech among them."""
    drums: list[Samples]
    """Its drum strokes."""
    responses: list[Samples]
    """Its measured impulse responses."""


def decode_corpus(run: NoteRun, corpus: Path | None, workers: int | None = None) -> None:
    """Decode the clips of split train and check the notes, unless that is done already."""
    if run.notes.exists():
        return
    labelled = pitches(corpus)
    read = read_corpus(corpus, (*FAMILIES, "drums"))
    chosen = [clip for clip in read.clips if _is_used(clip, labelled)]
    kept, skipped = decode(chosen, read.folder, run.sounds, workers)
    log_skipped(skipped)
    held = held_note_groups(kept, labelled)
    notes = sampled_notes(kept, Sounds(run.sounds), labelled, held)
    if not notes:
        raise InputError(f"corpus {read.folder}: holds no usable notes of split train")
    write_json(run.clips, kept)
    write_json(run.notes, notes)


def side_sounds(run: NoteRun, *, held: bool) -> CorpusSounds:
    """Return the decoded sounds for training, or those that are held back from it."""
    clips = msgspec.json.decode(run.needed(run.clips, "notes train").read_bytes(), type=list[Clip])
    notes = msgspec.json.decode(run.notes.read_bytes(), type=list[SampledNote])
    sounds = Sounds(run.sounds)
    apart = {kind: _held_groups(clips, kind) for kind in KINDS}

    def of_kind(kind: str, label: str | None = None) -> list[Samples]:
        return [
            sounds[index]
            for index, clip in enumerate(clips)
            if (clip.kind, clip.label) == (kind, label or clip.label)
            and (clip.group in apart[kind]) == held
        ]

    return CorpusSounds(
        sounds,
        [note for note in notes if note.held == held],
        of_kind("negative"),
        of_kind("negative", "speech"),
        of_kind("drum"),
        of_kind("rir"),
    )


def noise_clips(corpus: Corpus, split: str) -> list[Clip]:
    """Return the negatives of a split that hold no music."""
    return [
        clip
        for clip in corpus.clips
        if (clip.kind, clip.split) == ("negative", split) and not _may_be_music(clip)
    ]


def _is_used(clip: Clip, labelled: dict[str, float]) -> bool:
    if clip.split != "train" or clip.kind not in KINDS:
        return False
    if clip.kind == "note":
        # Its soundfont plays the rendered pieces already.
        return clip.path in labelled and not clip.group.startswith(_RENDERED_HERE)
    return clip.kind != "negative" or not _may_be_music(clip)


def _may_be_music(clip: Clip) -> bool:
    return any(name in clip.path.lower() for name in MUSICAL_NAMES)


def _held_groups(clips: Sequence[Clip], kind: str) -> frozenset[str]:
    groups = sorted({clip.group for clip in clips if clip.kind == kind})
    random.Random(1).shuffle(groups)  # noqa: S311 (not for secrets)
    return frozenset(groups[: round(_HELD_SHARE * len(groups))])
