"""Renders a corpus: FluidSynth's instruments, espeak-ng's voices and computed household noise."""

import shutil
from pathlib import Path

from daemon.errors import InputError
from model_build.corpus.manifest import MANIFEST, Row, write_manifest
from model_build.corpus.splits import held_groups
from model_build.rendering import players
from model_build.rendering.corpus_settings import CorpusSettings, read_settings, write_settings
from model_build.rendering.household.noises import SORTS
from model_build.rendering.mixtures import write_mixtures
from model_build.rendering.rendered_clips import PlayerTask, render_player
from model_build.rendering.soundfont import FLUID_R3
from model_build.workers import parallel_map

DEV_FRACTION = 0.15


def render_corpus(folder: Path, settings: CorpusSettings, workers: int | None = None) -> int:
    """Write clips of 4 s and their manifest into the folder; return the number of clips.

    Each player is a source, and is never on both sides of a split. A folder that already holds the
    same corpus is not changed. Raises InputError if it holds another corpus, or if a program or the
    soundfont is missing.
    """
    manifest = folder / MANIFEST
    if manifest.exists():
        if read_settings(folder) != settings:
            raise InputError(f"{folder}: holds another corpus; use a folder without one")
        return len(manifest.read_text(encoding="utf-8").splitlines()) - 1
    _check_programs()
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    tasks = _tasks(folder, settings)
    for rows_of_player in parallel_map(render_player, tasks, label="rendering", workers=workers):
        rows += rows_of_player
    rows += write_mixtures(folder, settings, rows)
    write_settings(folder, settings)
    write_manifest(folder, rows)
    return len(rows)


def _check_programs() -> None:
    for program in ("fluidsynth", "espeak-ng"):
        if shutil.which(program) is None:
            raise InputError(f"{program} is missing: apt install {program}")
    if not FLUID_R3.is_file():
        raise InputError(f"{FLUID_R3} is missing: apt install fluid-soundfont-gm")


def _tasks(folder: Path, settings: CorpusSettings) -> list[PlayerTask]:
    """Return one task per player; some whole groups of players are in the split `dev`."""
    clips = {
        index: clip
        for index, clip in enumerate(map(players.clip_of, players.PLAYERS))
        if clip.kind == "negative" or clip.label in settings.families
    }
    played = {clip.label for clip in clips.values()} & set(settings.families)
    dev = held_groups(list(clips.values()), DEV_FRACTION, settings.seed, sorted(played))
    backgrounds = tuple(sort for sort in SORTS if players.clip_of(sort).group in dev)
    return [
        PlayerTask(folder, settings, index, "dev" if clip.group in dev else "train", backgrounds)
        for index, clip in clips.items()
    ]
