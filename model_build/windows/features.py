"""Clips in, augmented patches of log-mel frames on disk out, through the daemon's own front end.

Each window draws from a generator of its own, so that the number of workers changes no bit, and
what an interrupted run has written can stay.
"""

import logging
import shutil
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.hearing.patches import patches
from model_build.corpus.clips import Clip, Corpus, Skipped, read_manifest, warn_of
from model_build.corpus.decoded import Sounds, decode
from model_build.corpus.splits import held_groups
from model_build.networks.teacher import write_lessons
from model_build.networks.yamnet import base_of, read_layers
from model_build.recipe import Recipe, read_recipe
from model_build.run_folder import SIDES, RunFolder, reserve, write_json
from model_build.windows.clip_pool import Palette
from model_build.windows.rooms import Rooms, write_rooms
from model_build.windows.scenes import Stage
from model_build.windows.sources import learned_from, needs_recordings
from model_build.workers import each

USED_KINDS = {"phrase", "note", "drum", "negative", "rir", "unlabelled"}
_WINDOWS_AT_ONCE = 50
_ROOMS_STREAM = 2  # beside the sides' streams 0 and 1 of random numbers

log = logging.getLogger(__name__)


class Features(msgspec.Struct, frozen=True):
    """What the features were made of; `clips` counts those used, by side and kind."""

    recipe_sha256: str
    corpus_sha256: str
    clips: dict[str, int]
    skipped: dict[str, str]


class _Begun(msgspec.Struct, frozen=True):
    """What unfinished features are made of: they are only gone on with by the same."""

    recipe_sha256: str
    corpus_sha256: str


class _Kept(msgspec.Struct, frozen=True):
    clip: Clip
    side: str


class _Task(NamedTuple):
    run: Path
    recipe: Path
    side: str
    start: int
    stop: int


def make_features(
    recipe_path: Path,
    corpus_folder: Path | None,
    run: RunFolder,
    workers: int | None = None,
    base: Path | None = None,
    *,
    resume: bool = False,
) -> Features:
    """Write the run folder's sounds, rooms, patches and labels; return what they were made of.

    With a recipe for teaching, `base` says what it hears in the clean patches. `resume` keeps what
    an interrupted run of the same recipe and corpus has left. Raises InputError for a recipe,
    corpus or base that cannot be used.
    """
    recipe = read_recipe(recipe_path)
    _refuse_missing(recipe, corpus_folder, base)
    corpus = learned_from(recipe, corpus_folder, run, workers)
    used = [clip for clip in corpus.clips if _usable(clip, recipe)]
    held = held_groups(used, recipe.held_fraction, recipe.seed, recipe.families)
    begun = _Begun(recipe.features_sha256, corpus.sha256)
    if resume and _left(run) == begun:
        log.info("going on with the features in %s", run.folder)
    else:
        _clear(run)
        write_json(run.begun, begun)
    run.recipe.write_bytes(recipe_path.read_bytes())
    if run.features.exists():
        return made_features(recipe, run)
    kept = _decoded(recipe, corpus, used, held, run=run, workers=workers)
    _write_rooms(recipe, kept, run, workers)
    for side in SIDES:
        _write_patches(recipe, run, side, workers)
        if run.clean_patches(side).exists():  # they are gone once the teacher has heard them
            write_lessons(run, side, base_of(base))
    made = _account(recipe, corpus, kept, run)
    write_json(run.features, made)
    return made


def made_features(recipe: Recipe, run: RunFolder) -> Features:
    """What the run's features were made of; raises InputError when not by this recipe."""
    document = run.needed(run.features, "features").read_bytes()
    made = msgspec.json.decode(document, type=Features)
    if made.recipe_sha256 != recipe.features_sha256:
        raise InputError(
            f"{run.features}: made with other settings than the recipe's; "
            "run timbrel-build features again"
        )
    return made


def held_clips(run: RunFolder) -> tuple[list[Clip], Callable[[Clip], NDArray[np.float32]]]:
    """The clips that were kept from training, and a way to their samples (n,)."""
    document = run.needed(run.clips, "features").read_bytes()
    kept = msgspec.json.decode(document, type=list[_Kept])
    sounds = Sounds(run.sounds)
    places = {one.clip.path: place for place, one in enumerate(kept)}
    clips = [one.clip for one in kept if one.side == "held"]
    return clips, lambda clip: sounds[places[clip.path]]


def _refuse_missing(recipe: Recipe, corpus_folder: Path | None, base: Path | None) -> None:
    """Raise one InputError that names every missing input, before anything slow begins."""
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


def _usable(clip: Clip, recipe: Recipe) -> bool:
    return (
        clip.split == "train"
        and clip.kind in USED_KINDS
        and (clip.kind != "note" or clip.origin in recipe.origins)
        and (clip.kind != "unlabelled" or recipe.windows.unlabelled_share > 0)
        and (recipe.doubtful or not clip.doubt)
    )


def _left(run: RunFolder) -> _Begun | None:
    """What an earlier run's features were begun with; None where there are none."""
    for path in (run.features, run.begun):  # finished ones say the same
        if path.exists():
            return msgspec.json.decode(path.read_bytes(), type=_Begun)
    return None


def _clear(run: RunFolder) -> None:
    """Remove other features, and the training that was interrupted on them."""
    if any(path.exists() for path in (run.begun, run.clips, run.features)):  # surely a run's
        shutil.rmtree(run.features.parent)
    shutil.rmtree(run.backup, ignore_errors=True)


def _decoded(
    recipe: Recipe,
    corpus: Corpus,
    used: Sequence[Clip],
    held: AbstractSet[str],
    *,
    run: RunFolder,
    workers: int | None,
) -> list[_Kept]:
    """The clips with sound, which lies in the run folder by now; each has its side."""
    if run.clips.exists():
        return msgspec.json.decode(run.clips.read_bytes(), type=list[_Kept])
    clips, skipped = decode(used, corpus.folder, run.sounds, workers)
    warn_of(skipped)
    kept = [_Kept(clip, SIDES[clip.group in held]) for clip in clips]
    _check(recipe, kept)
    write_json(run.skipped, skipped)
    write_json(run.clips, kept)
    return kept


def _check(recipe: Recipe, kept: Sequence[_Kept]) -> None:
    """Raise InputError where what cannot be read was all that there was."""
    for side in SIDES:
        on_side = [one.clip for one in kept if one.side == side]
        for family in recipe.families:
            if not any(family in clip.families for clip in on_side):
                raise InputError(
                    f"corpus: no clip of family {family!r} on the {side} side has any sound; see "
                    "what was skipped, add recordings or leave it out of the recipe"
                )
    wanted = recipe.windows.unlabelled_share > 0
    if wanted and not any(one.clip.kind == "unlabelled" and one.side == "train" for one in kept):
        raise InputError("corpus: has no unlabelled clips; set windows.unlabelled_share to 0")


def _write_rooms(
    recipe: Recipe, kept: Sequence[_Kept], run: RunFolder, workers: int | None
) -> None:
    sounds = Sounds(run.sounds)
    for stream, side in enumerate(SIDES):
        path = run.rooms / f"{side}.npz"
        if path.exists():
            continue
        measured = [
            sounds[place]
            for place, (clip, on) in enumerate((k.clip, k.side) for k in kept)
            if clip.kind == "rir" and on == side
        ]
        seed = (recipe.seed, _ROOMS_STREAM + stream)
        write_rooms(path, recipe.room, measured, seed, workers)


def _write_patches(recipe: Recipe, run: RunFolder, side: str, workers: int | None) -> None:
    count = getattr(recipe.windows, side)
    blocks = range(0, count, _WINDOWS_AT_ONCE)
    if not run.done(side).exists():
        shape = (count, len(recipe.patches.starts), recipe.patches.frames, FrontEnd().bands)
        reserve(run.patches(side), np.float16, shape)
        if recipe.teaching:
            reserve(run.clean_patches(side), np.float16, shape)
        reserve(run.labels(side), np.uint8, (count, len(recipe.families)))
        reserve(run.done(side), np.uint8, (len(blocks),))
    done = np.load(run.done(side))
    tasks = [
        _Task(run.folder, run.recipe, side, start, min(count, start + _WINDOWS_AT_ONCE))
        for start, already in zip(blocks, done, strict=True)
        if not already
    ]
    for _ in each(_write_some, tasks, what=f"{side} windows", workers=workers):
        pass


def _write_some(task: _Task) -> None:
    """Draw a few windows, write them to their place on disk, and tick them off."""
    run = RunFolder(task.run)
    recipe = read_recipe(task.recipe)
    stage = _stage(task.run, task.recipe, task.side)
    log_mel = LogMel(FrontEnd())
    starts, length = recipe.patches.starts, recipe.patches.frames
    drawn = open_memmap(run.patches(task.side), "r+")
    labels = open_memmap(run.labels(task.side), "r+")
    clean = open_memmap(run.clean_patches(task.side), "r+") if recipe.teaching else None
    for index in range(task.start, task.stop):
        rng = np.random.default_rng([recipe.seed, SIDES.index(task.side), index])
        scene = stage.draw(rng)
        drawn[index] = patches(log_mel.frames(scene.samples), starts, length)
        if clean is not None:
            clean[index] = patches(log_mel.frames(scene.clean), starts, length)
        labels[index] = scene.labels
    open_memmap(run.done(task.side), "r+")[task.start // _WINDOWS_AT_ONCE] = 1


@cache
def _stage(folder: Path, recipe_path: Path, side: str) -> Stage:
    run, recipe = RunFolder(folder), read_recipe(recipe_path)
    room = recipe.room
    kept = msgspec.json.decode(run.clips.read_bytes(), type=list[_Kept])
    clips = [(place, k.clip) for place, k in enumerate(kept) if k.side == side]
    return Stage(
        recipe,
        Palette(clips, Sounds(run.sounds)),
        Rooms(run.rooms / f"{side}.npz", room.measured_share),
        room_probability=room.held_probability if side == "held" else room.probability,
        snr_db=recipe.noise.held_snr_db if side == "held" else recipe.noise.snr_db,
        unlabelled_share=0.0 if side == "held" else recipe.windows.unlabelled_share,
    )


def _account(recipe: Recipe, corpus: Corpus, kept: Sequence[_Kept], run: RunFolder) -> Features:
    counts: dict[str, int] = {}
    for one in kept:
        key = f"{one.side} {one.clip.kind}"
        counts[key] = counts.get(key, 0) + 1
    silent = msgspec.json.decode(run.skipped.read_bytes(), type=list[Skipped])
    skipped = dict([*corpus.skipped, *silent])
    log.info("%d clips used, %d skipped", len(kept), len(skipped))
    return Features(recipe.features_sha256, corpus.sha256, counts, skipped)
