"""The clips that a run uses: chosen, assigned to a side, decoded, and listed in `run.clips`."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import msgspec
from numpy import float32
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.corpus.clip_sound import ReadClip
from model_build.corpus.clips import Clip, Corpus, Skipped, log_skipped
from model_build.corpus.decoded import Sounds, decode
from model_build.recipe import Recipe
from model_build.run_folder import SIDES, RunFolder, write_json

USED_KINDS = {"phrase", "note", "drum", "negative", "rir", "unlabelled"}


class UsedClip(msgspec.Struct, frozen=True):
    """A clip of `run.clips`; its index there is that of its samples in `run.sounds`."""

    clip: Clip
    """The clip as in the manifest."""
    side: str
    """One of SIDES."""


def is_usable(clip: Clip, recipe: Recipe) -> bool:
    """Return True if the recipe uses this clip; dev clips are never used."""
    return (
        clip.split == "train"
        and clip.kind in USED_KINDS
        and (clip.kind != "note" or clip.origin in recipe.origins)
        and (clip.kind != "unlabelled" or recipe.windows.unlabelled_share > 0)
        and (recipe.doubtful or not clip.doubt)
    )


def decode_used_clips(
    recipe: Recipe,
    corpus: Corpus,
    clips: Sequence[Clip],
    *,
    held: AbstractSet[str],
    run: RunFolder,
    workers: int | None = None,
) -> list[UsedClip]:
    """Decode the clips into the run folder and list those that have sound; return the list.

    Clips of the groups `held` are on the side `held`. If the list exists already, nothing is
    decoded. Raises InputError if one side has no clip of a family.
    """
    if run.clips.exists():
        return read_used_clips(run)
    decoded, skipped = decode(clips, corpus.folder, run.sounds, workers)
    log_skipped(skipped)
    used = [UsedClip(clip, SIDES[clip.group in held]) for clip in decoded]
    _check_sides(recipe, used)
    write_json(run.skipped, skipped)
    write_json(run.clips, used)
    return used


def read_used_clips(run: RunFolder) -> list[UsedClip]:
    """Return the clips that the run uses. Raises InputError if the features are missing."""
    document = run.needed(run.clips, "features").read_bytes()
    return msgspec.json.decode(document, type=list[UsedClip])


def read_undecodable_clips(run: RunFolder) -> list[Skipped]:
    """Return the clips that were chosen, but could not be decoded or are silent."""
    return msgspec.json.decode(run.skipped.read_bytes(), type=list[Skipped])


def clips_of_side(run: RunFolder, side: str) -> list[tuple[int, Clip]]:
    """Return the clips of one side, each with the index of its samples in `run.sounds`."""
    used = enumerate(read_used_clips(run))
    return [(index, one.clip) for index, one in used if one.side == side]


def held_clips(run: RunFolder) -> tuple[list[Clip], ReadClip]:
    """Return the clips held out of training, and a function that returns a clip's samples (n,)."""
    indexed = clips_of_side(run, "held")
    indices = {clip.path: index for index, clip in indexed}
    sounds = Sounds(run.sounds)

    def read(clip: Clip) -> NDArray[float32]:
        return sounds[indices[clip.path]]

    return [clip for _, clip in indexed], read


def _check_sides(recipe: Recipe, used: Sequence[UsedClip]) -> None:
    """Raise InputError if a side has lost all clips of a family, or all unlabelled clips."""
    for side in SIDES:
        on_side = [one.clip for one in used if one.side == side]
        for family in recipe.families:
            if not any(family in clip.families for clip in on_side):
                raise InputError(
                    f"corpus: no clip of family {family!r} on the {side} side has any sound; see "
                    "the skipped clips, add recordings or leave it out of the recipe"
                )
    wanted = recipe.windows.unlabelled_share > 0
    if wanted and not any(one.clip.kind == "unlabelled" and one.side == "train" for one in used):
        raise InputError("corpus: has no unlabelled clips; set windows.unlabelled_share to 0")
