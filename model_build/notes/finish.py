"""Quantize the fitted note network, tune its note creation, and write the model file."""

from collections.abc import Sequence

import msgspec
import numpy as np

from daemon.hearing.model_file import Provenance
from daemon.practice.notes.front_end import NoteFrontEnd
from daemon.practice.notes.note_creation import NoteRules
from daemon.practice.notes.note_network import load_note_network
from daemon.practice.notes.stacking import stacked
from model_build.notes.export import convert, write_note_model
from model_build.notes.material.clip_files import BLOCK_CLIPS, HELD, HeldClip, read_held
from model_build.notes.network import build_clip_network
from model_build.notes.recipe import NoteRecipe
from model_build.notes.run_files import NoteRun
from model_build.notes.tuning import Tuned, tune
from model_build.run_folder import write_json


def finish(recipe: NoteRecipe, run: NoteRun) -> Tuned:
    """Write `run.model` and its figures on held-back clips; return the tuned rules.

    Raises InputError if the fitted network or the held-back clips are missing.
    """
    clips = held_clips(recipe, run)
    run.network.write_bytes(_quantized(recipe, run, clips))
    ahead = recipe.look_ahead_frames
    shortest = min(ahead, NoteRules().shortest_frames)
    _write(recipe, run, NoteRules(look_ahead_frames=ahead, shortest_frames=shortest), {})
    tuned = tune(load_note_network(run.model), clips)
    _write(recipe, run, tuned.rules, tuned.figures)
    write_json(run.figures, tuned.figures)
    write_json(run.rules, tuned.rules)
    return tuned


def held_clips(recipe: NoteRecipe, run: NoteRun) -> list[HeldClip]:
    """Return the clips that are held back from training."""
    blocks = range(-(-recipe.clips.held // BLOCK_CLIPS))
    paths = [run.needed(run.block(HELD, number), "notes train") for number in blocks]
    return [clip for path in paths for clip in read_held(path)]


def _quantized(recipe: NoteRecipe, run: NoteRun, clips: Sequence[HeldClip]) -> bytes:
    """Return the int8 network, with ranges from some of the clips."""
    layers = recipe.training.layers()
    fitted = build_clip_network(layers)
    fitted.load_weights(run.needed(run.fitted, "notes train"))
    front_end = NoteFrontEnd()
    every = max(1, len(clips) // recipe.representative_clips)
    chosen = [stacked(clip.frames, front_end) for clip in clips[::every]]
    # The quietest and the loudest frame there can be.
    chosen.append(np.zeros_like(chosen[0]))
    return convert(fitted, layers, recipe.block_frames, chosen)


def _write(recipe: NoteRecipe, run: NoteRun, rules: NoteRules, figures: dict[str, float]) -> None:
    inputs = msgspec.json.decode(run.recipe.read_bytes())
    write_note_model(
        run.model,
        run.network.read_bytes(),
        recipe.training.layers(),
        name=recipe.name,
        version=recipe.version,
        block=recipe.block_frames,
        front_end=NoteFrontEnd(),
        rules=rules,
        provenance=Provenance(
            recipe.sha256,
            inputs["corpus"],
            recipe.seed,
            {f"held_{name}": round(value, 4) for name, value in figures.items()},
        ),
    )
