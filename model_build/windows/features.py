"""Makes the features of a run: augmented patches of log-mel frames, by the daemon's front end."""

import logging
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from daemon.errors import InputError
from model_build.corpus.clips import Corpus
from model_build.corpus.decoded import Sounds
from model_build.corpus.manifest import read_manifest
from model_build.corpus.splits import held_groups
from model_build.networks.teacher import write_teacher_outputs
from model_build.networks.yamnet import base_of, read_layers
from model_build.recipe import Recipe, read_recipe
from model_build.run_folder import SIDES, RunFolder, write_json
from model_build.windows.hard_negatives import write_weights
from model_build.windows.rooms import write_rooms
from model_build.windows.sources import needs_recordings, training_corpus
from model_build.windows.used_clips import (
    UsedClip,
    clips_of_side,
    decode_used_clips,
    is_usable,
    read_undecodable_clips,
)
from model_build.windows.window_writer import write_windows

_ROOMS_STREAM = 2  # the random streams 0 and 1 draw the windows of the sides

log = logging.getLogger(__name__)


class Features(msgspec.Struct, frozen=True):
    """A summary of finished features."""

    recipe_sha256: str
    """SHA-256 of the settings that decide the features."""
    corpus_sha256: str
    """SHA-256 of the corpus' manifest."""
    clips: dict[str, int]
    """Number of used clips, by side and kind."""
    skipped: dict[str, str]
    """Paths of the clips that could not be used, and why."""


class _Begun(msgspec.Struct, frozen=True):
    """The inputs of unfinished features; only a run with the same ones can continue them."""

    recipe_sha256: str
    corpus_sha256: str


def make_features(
    recipe_path: Path,
    corpus_folder: Path | None,
    run: RunFolder,
    workers: int | None = None,
    base: Path | None = None,
    *,
    resume: bool = False,
) -> Features:
    """Write the run folder's sounds, rooms, patches and labels; return a summary.

    If the recipe has `teaching`, also write the outputs of the network `base` for the clean
    patches. `resume` keeps the files of an interrupted run of the same recipe and corpus. Raises
    InputError if the recipe, corpus or base cannot be used.
    """
    recipe = read_recipe(recipe_path)
    _refuse_missing(recipe, corpus_folder, base)
    corpus = training_corpus(recipe, corpus_folder, run, workers)
    usable = [clip for clip in corpus.clips if is_usable(clip, recipe)]
    held = held_groups(
        usable, recipe.held_fraction, recipe.seed, recipe.families, added=recipe.added
    )
    begun = _Begun(recipe.features_sha256, corpus.sha256)
    if resume and _begun_earlier(run) == begun:
        log.info("continuing the features in %s", run.folder)
    else:
        _clear(run)
        write_json(run.begun, begun)
    run.recipe.write_bytes(recipe_path.read_bytes())
    if run.features.exists():
        return made_features(recipe, run)
    used = decode_used_clips(recipe, corpus, usable, held=held, run=run, workers=workers)
    if weight := recipe.windows.hard_negative_weight:
        write_weights(used, run, base_of(base), weight)
    _write_rooms(recipe, run, workers)
    for side in SIDES:
        write_windows(recipe, run, side, workers)
        if run.clean_patches(side).exists():  # removed once the teacher's outputs are written
            write_teacher_outputs(run, side, base_of(base))
    made = _summary(recipe, corpus, used, run)
    write_json(run.features, made)
    return made


def made_features(recipe: Recipe, run: RunFolder) -> Features:
    """Return the summary of the run's features.

    Raises InputError if they are missing or were made with another recipe.
    """
    document = run.needed(run.features, "features").read_bytes()
    made = msgspec.json.decode(document, type=Features)
    if made.recipe_sha256 != recipe.features_sha256:
        raise InputError(
            f"{run.features}: made with other settings than the recipe's; "
            "run timbrel-build features again"
        )
    return made


def _refuse_missing(recipe: Recipe, corpus_folder: Path | None, base: Path | None) -> None:
    """Raise one InputError for all missing inputs, before anything slow starts."""
    problems = []
    try:
        if needs_recordings(recipe):
            read_manifest(corpus_folder)
    except InputError as error:
        problems.append(str(error))
    try:
        if recipe.teaching:
            read_layers(base_of(base))
    except InputError as error:
        problems.append(str(error))
    if problems:
        raise InputError("; also: ".join(problems))


def _begun_earlier(run: RunFolder) -> _Begun | None:
    """Return the inputs of earlier features, finished or not; None if there are none."""
    for path in (run.features, run.begun):  # the summary has the same keys, and more
        if path.exists():
            return msgspec.json.decode(path.read_bytes(), type=_Begun)
    return None


def _clear(run: RunFolder) -> None:
    """Remove earlier features, and the state of a training on them."""
    if any(path.exists() for path in (run.begun, run.clips, run.features)):  # it is a run's folder
        shutil.rmtree(run.features.parent)
    shutil.rmtree(run.backup, ignore_errors=True)


def _write_rooms(recipe: Recipe, run: RunFolder, workers: int | None) -> None:
    """Write the rooms of each side, with the impulse responses among its clips."""
    sounds = Sounds(run.sounds)
    for stream, side in enumerate(SIDES):
        path = run.rooms / f"{side}.npz"
        if path.exists():
            continue
        measured = [sounds[i] for i, clip in clips_of_side(run, side) if clip.kind == "rir"]
        write_rooms(path, recipe.room, measured, (recipe.seed, _ROOMS_STREAM + stream), workers)


def _summary(recipe: Recipe, corpus: Corpus, used: Sequence[UsedClip], run: RunFolder) -> Features:
    counts = Counter(f"{one.side} {one.clip.kind}" for one in used)
    skipped = dict([*corpus.skipped, *read_undecodable_clips(run)])
    log.info("%d clips used, %d skipped", len(used), len(skipped))
    return Features(recipe.features_sha256, corpus.sha256, dict(counts), skipped)
