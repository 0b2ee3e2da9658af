"""Writes the clips of one player, and returns their rows of the manifest."""

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES, WINDOW_SECONDS
from model_build.augmentations.level import level
from model_build.augmentations.noise import noise
from model_build.augmentations.room import room, shoebox_response
from model_build.corpus.clips import Clip
from model_build.corpus.manifest import COLUMNS, Row
from model_build.rendering import players
from model_build.rendering.corpus_settings import CorpusSettings
from model_build.rendering.household.noises import household_noise

PEAK = 0.7
SILENT_PEAK = 1e-3
PART_DBFS = -20.0
ROOM_SNR_DB, ROOM_DBFS = 10.0, -32.0
ROOM_METRES, ROOM_RT60_SECONDS = (1.0, 3.5), (0.3, 0.6)

Samples = NDArray[np.float32]


class PlayerTask(NamedTuple):
    """The clips of one player that are to be rendered."""

    folder: Path
    """The folder of the corpus."""
    settings: CorpusSettings
    """The settings of the corpus."""
    player: int
    """Index of the player in PLAYERS."""
    split: str
    """`train` or `dev`."""
    backgrounds: tuple[str, ...]
    """Sorts of household noise that are heard with dev phrases in a room."""


def render_player(task: PlayerTask) -> list[Row]:
    """Write a player's clips; return their rows.

    Silent clips are left out. Each dev phrase is also written as heard in a room.
    """
    player, count = players.PLAYERS[task.player], task.settings.phrases_per_programme
    rng = np.random.default_rng([task.settings.seed, task.player])
    clip = msgspec.structs.replace(players.clip_of(player), split=task.split)
    windows = players.play(player, rng, count).reshape(count, WINDOW_SAMPLES)
    windows *= np.float32(PEAK / max(float(np.abs(windows).max()), SILENT_PEAK))
    sounding = [(n, w) for n, w in enumerate(windows) if np.abs(w).max() > SILENT_PEAK]
    rows = [_write_clip(task, clip, number, window) for number, window in sounding]
    if clip.kind == "phrase" and task.split == "dev":
        heard = _in_a_room([window for _, window in sounding], task.backgrounds, rng)
        in_room = msgspec.structs.replace(clip, kind="room")
        rows += [
            _write_clip(task, in_room, n, w) for (n, _), w in zip(sounding, heard, strict=True)
        ]
    return rows


def heard_in_room(
    window: Samples, response: Samples, background: Samples, rng: np.random.Generator
) -> Samples:
    """Return a window as a clip of kind `room`: in the room, with noise at 10 dB SNR, -32 dBFS."""
    wet = level(room(window, response), dbfs=PART_DBFS)
    return level(noise(wet, rng, background=background, snr_db=ROOM_SNR_DB), dbfs=ROOM_DBFS)


def write_sound(path: Path, samples: Samples) -> None:
    """Write FLAC. Raises OSError with ENOSPC if the disk is full.

    The file is encoded in memory, because libsndfile does not report a full disk as such.
    """
    file = BytesIO()
    soundfile.write(file, samples, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.getvalue())


def _in_a_room(
    windows: Iterable[Samples], backgrounds: Sequence[str], rng: np.random.Generator
) -> Iterator[Samples]:
    """Yield the windows as heard in one room, each with a background."""
    response = shoebox_response(
        rng,
        distance_metres=rng.uniform(*ROOM_METRES),
        rt60_seconds=rng.uniform(*ROOM_RT60_SECONDS),
    )
    for window in windows:
        background = household_noise(str(rng.choice(backgrounds)), rng, WINDOW_SECONDS)
        yield heard_in_room(window, response, background, rng)


def _write_clip(task: PlayerTask, clip: Clip, number: int, samples: Samples) -> Row:
    """Write one clip's file; return its row."""
    path = f"{clip.kind}/{clip.label}/{clip.source}-{number:03d}.flac"
    write_sound(task.folder / path, samples)
    fields = msgspec.structs.asdict(clip) | {
        "path": path,
        "accepts": ";".join(clip.accepts),
        "redistributable": "1" if clip.redistributable else "0",
        "instrument": clip.source,
        "seconds": str(WINDOW_SECONDS),
        "repository": players.repository_of(clip),
        "original": f"seed {task.settings.seed}, clip {number}",
    }
    return {column: str(fields.get(column, "")) for column in COLUMNS}
