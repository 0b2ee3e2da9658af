"""Make everything that the note network is fitted to; what exists already is kept."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from daemon.errors import InputError
from model_build.corpus.manifest import read_manifest
from model_build.notes.material.clip_files import BLOCK_CLIPS, HELD, TRAIN, BlockTask, write_block
from model_build.notes.material.corpus_sounds import decode_corpus, side_sounds
from model_build.notes.material.rendered_pieces import PieceTask, read_survey, render_pieces
from model_build.notes.recipe import NoteRecipe, read_note_recipe
from model_build.notes.run_files import NoteRun
from model_build.notes.survey import ProgramFigures, survey_program
from model_build.rendering.general_midi import PROGRAMS
from model_build.run_folder import write_json
from model_build.windows.rooms import write_rooms
from model_build.workers import parallel_map

_SIDE_SEEDS = {TRAIN: 1, HELD: 2}


def prepare(
    recipe_path: Path,
    run: NoteRun,
    *,
    corpus: Path | None,
    soundfonts: Sequence[Path],
    workers: int | None = None,
    resume: bool = False,
) -> None:
    """Survey, render, decode and draw clips into the run folder.

    Raises InputError if a soundfont or the corpus is missing, or if `resume` is set but the run was
    begun with other inputs. Without `resume`, an earlier run's files are removed.
    """
    recipe = read_note_recipe(recipe_path)
    _begin(recipe, run, corpus, soundfonts, resume=resume)
    surveys = [_surveyed(run, soundfont, workers) for soundfont in soundfonts]
    for side, files in ((TRAIN, recipe.pieces.files), (HELD, recipe.pieces.held_files)):
        pieces = [
            PieceTask(
                run.pieces(side, number),
                soundfonts[number % len(soundfonts)],
                surveys[number % len(soundfonts)],
                (recipe.seed, _SIDE_SEEDS[side], number),
                recipe.pieces.seconds,
            )
            for number in range(files)
        ]
        list(parallel_map(render_pieces, pieces, label=f"pieces {side}", workers=workers))
    decode_corpus(run, corpus, workers)
    for side, seed in _SIDE_SEEDS.items():
        if not run.rooms(side).exists():
            measured = side_sounds(run, held=side == HELD).responses
            write_rooms(run.rooms(side), recipe.room, measured, (recipe.seed, 5, seed), workers)
    for side, clips in ((TRAIN, recipe.clips.train), (HELD, recipe.clips.held)):
        blocks = [
            BlockTask(
                recipe_path,
                run.folder,
                side,
                number,
                min(BLOCK_CLIPS, clips - number * BLOCK_CLIPS),
            )
            for number in range(-(-clips // BLOCK_CLIPS))
        ]
        list(parallel_map(write_block, blocks, label=f"clips {side}", workers=workers))


def _begin(
    recipe: NoteRecipe,
    run: NoteRun,
    corpus: Path | None,
    soundfonts: Sequence[Path],
    *,
    resume: bool,
) -> None:
    missing = [str(path) for path in soundfonts if not path.is_file()]
    if missing or not soundfonts:
        raise InputError(
            f"soundfont {', '.join(missing)}: not found; apt install fluid-soundfont-gm, or name "
            "others with --soundfont"
        )
    _, manifest = read_manifest(corpus)
    inputs = {
        "material": recipe.material_sha256,
        "corpus": hashlib.sha256(manifest).hexdigest(),
        "soundfonts": [soundfont.name for soundfont in soundfonts],
    }
    if resume and run.recipe.exists():
        if msgspec.json.decode(run.recipe.read_bytes()) != inputs:
            raise InputError(
                f"{run.folder}: was begun with another recipe, corpus or soundfont; run it "
                "without --resume"
            )
        return
    shutil.rmtree(run.folder, ignore_errors=True)
    write_json(run.recipe, inputs)


def _surveyed(run: NoteRun, soundfont: Path, workers: int | None) -> list[ProgramFigures]:
    """Return the usable programs of a soundfont, measured once."""
    path = run.survey(soundfont)
    if path.exists():
        return read_survey(path)
    programs = [(program.number, soundfont) for program in PROGRAMS if not program.is_kit]
    label = f"survey {soundfont.stem}"
    surveyed = parallel_map(_survey, programs, label=label, workers=workers)
    usable = [figures for figures in surveyed if figures.is_usable]
    write_json(path, usable)
    return usable


def _survey(task: tuple[int, Path]) -> ProgramFigures:
    program, soundfont = task
    return survey_program(program, soundfont)
