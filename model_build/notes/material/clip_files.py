"""Blocks of clips on disk, as the front end's frames with their targets or notes."""

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.notes.front_end import NoteFrontEnd
from daemon.practice.notes.log_frequency import LogFrequency
from daemon.system.files.whole_file import whole_file
from model_build.corpus.clip_sound import FULL_SCALE
from model_build.notes.material.clips import (
    MARGIN_SECONDS,
    Clip,
    ClipSampler,
    Material,
    Surroundings,
)
from model_build.notes.material.corpus_sounds import side_sounds
from model_build.notes.material.rendered_pieces import note_of, read_pieces, row_of
from model_build.notes.material.strung_notes import NoteStringer
from model_build.notes.recipe import NoteRecipe, read_note_recipe
from model_build.notes.run_files import NoteRun
from model_build.notes.targets import LabelledNote, Targets, targets_of
from model_build.windows.rooms import Rooms

TRAIN, HELD = "train", "held"
"""The sides: clips for training, and clips of other music, notes, rooms and noise."""
BLOCK_CLIPS = 100
"""Clips of a block of side train."""
_STEPS = 255
_COLUMNS = 6


class BlockTask(NamedTuple):
    """One block that is to be written."""

    recipe: Path
    """The recipe's file."""
    run: Path
    """The run folder."""
    side: str
    """`train` or `held`."""
    number: int
    """Its number."""
    clips: int
    """How many clips it holds."""


class HeldClip(NamedTuple):
    """A held-back clip."""

    frames: NDArray[np.float32]
    """(n, bins, 2)."""
    notes: list[LabelledNote]
    """The notes that begin in it."""
    in_room: bool
    """True if it went through a room and noise."""
    samples: NDArray[np.float32]
    """Its sound at 16 kHz, (n * hop,) for n frames."""


def write_block(task: BlockTask) -> Path:
    """Draw the clips of a block and write them, unless it exists already; return its path."""
    path = NoteRun(task.run).block(task.side, task.number)
    if path.exists():
        return path
    recipe = read_note_recipe(task.recipe)
    path.parent.mkdir(parents=True, exist_ok=True)
    write = _write_train if task.side == TRAIN else _write_held
    write(path, recipe, task)
    return path


def read_block(path: Path) -> tuple[NDArray[np.float16], Targets]:
    """Return a block's frames (clips, n, bins, 2) and its targets, of 0..255 as bytes."""
    with np.load(path) as file:
        return file["frames"], Targets(*(file[name] for name in Targets._fields))


def read_held(path: Path) -> list[HeldClip]:
    """Read a block of held-back clips."""
    with np.load(path) as file:
        frames, in_room = file["frames"], file["in_room"]
        rows, ends, samples = file["notes"], file["ends"], file["samples"]
    notes = np.split(rows, ends[:-1])
    return [
        HeldClip(
            one.astype(np.float32),
            [note_of(row) for row in own],
            bool(room),
            sound.astype(np.float32) / np.float32(FULL_SCALE),
        )
        for one, own, room, sound in zip(frames, notes, in_room, samples, strict=True)
    ]


def _write_train(path: Path, recipe: NoteRecipe, task: BlockTask) -> None:
    count, front_end = recipe.clips.frames, NoteFrontEnd()
    around = Surroundings(recipe.room.probability, recipe.noise.snr_db)
    sampler = _sampler(task.recipe, task.run, TRAIN, around)
    seconds = front_end.hop_samples / front_end.sample_rate_hz
    frames, targets = [], []
    for index in range(task.clips):
        rng = np.random.default_rng((recipe.seed, 3, task.number, index))
        clip = sampler.draw(rng, count * seconds)
        frames.append(_frames(clip, count).astype(np.float16))
        targets.append(targets_of(clip.notes, count, seconds))
    stacked: dict[str, Any] = {
        name: np.rint(_STEPS * np.stack([getattr(one, name) for one in targets])).astype(np.uint8)
        for name in Targets._fields
    }
    with whole_file(path) as fresh, fresh.open("wb") as file:
        np.savez(file, frames=np.stack(frames), **stacked)


def _write_held(path: Path, recipe: NoteRecipe, task: BlockTask) -> None:
    """Write clips of which every second one is clean, and the others are in rooms with noise."""
    count, front_end = recipe.clips.held_frames, NoteFrontEnd()
    seconds = count * front_end.hop_samples / front_end.sample_rate_hz
    arounds = Surroundings(0.0, (35.0, 45.0)), Surroundings(1.0, recipe.noise.held_snr_db)
    samplers = [_sampler(task.recipe, task.run, HELD, around) for around in arounds]
    frames, samples, rows, ends = [], [], [], []
    first = round(MARGIN_SECONDS * front_end.sample_rate_hz)
    for index in range(task.clips):
        rng = np.random.default_rng((recipe.seed, 4, task.number, index))
        clip = samplers[index % 2].draw(rng, seconds)
        frames.append(_frames(clip, count).astype(np.float16))
        inside = clip.samples[first : first + count * front_end.hop_samples]
        samples.append(np.rint(FULL_SCALE * np.clip(inside, -1.0, 1.0)).astype(np.int16))
        rows += [row_of(note) for note in clip.notes if 0.0 <= note.onset_seconds < seconds]
        ends.append(len(rows))
    with whole_file(path) as fresh, fresh.open("wb") as file:
        np.savez(
            file,
            frames=np.stack(frames),
            samples=np.stack(samples),
            notes=np.array(rows).reshape(-1, _COLUMNS),
            ends=np.array(ends),
            in_room=np.arange(task.clips) % 2,
        )


def _frames(clip: Clip, count: int) -> NDArray[np.float32]:
    log_frequency = _log_frequency()
    log_frequency.reset()
    front_end = log_frequency.front_end
    first = round(MARGIN_SECONDS * front_end.sample_rate_hz / front_end.hop_samples)
    return log_frequency.push(clip.samples)[first : first + count]


@lru_cache(maxsize=1)
def _log_frequency() -> LogFrequency:
    """Return one front end for all clips, because its tables take longer than a clip."""
    return LogFrequency(NoteFrontEnd())


@lru_cache(maxsize=4)
def _sampler(recipe_path: Path, folder: Path, side: str, around: Surroundings) -> ClipSampler:
    recipe = read_note_recipe(recipe_path)
    material = _material(recipe_path, folder, side)
    return ClipSampler(recipe, material, around)


@lru_cache(maxsize=2)
def _material(recipe_path: Path, folder: Path, side: str) -> Material:
    recipe, run = read_note_recipe(recipe_path), NoteRun(folder)
    own = side_sounds(run, held=side == HELD)
    files = recipe.pieces.held_files if side == HELD else recipe.pieces.files
    return Material(
        [read_pieces(run.pieces(side, number)) for number in range(files)],
        NoteStringer(own.notes, own.sounds),
        own.negatives,
        own.speech,
        own.drums,
        Rooms(run.rooms(side), recipe.room.measured_share),
    )
