"""The annotated recordings that note models are measured on, and never trained on."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.sound.sound_file import read_sound
from model_build.augmentations.level import level
from model_build.augmentations.noise import noise
from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import room
from model_build.notes.evaluation.note_figures import PlayedNote

ROOM_SEED = 1
"""Each recording's room is drawn from this seed and its row in the manifest."""

_DISTANCE_METRES, _RT60_SECONDS = (1.0, 4.0), (0.2, 0.7)
_SNR_DB, _ROOM_DBFS = 15.0, -32.0

Samples = NDArray[np.float32]


class Recording(NamedTuple):
    """A recording with its notes."""

    number: int
    """Its row in the manifest."""
    path: Path
    """The sound file."""
    source: str
    """The data set, player or instrument that it comes from."""
    is_polyphonic: bool
    """True if several notes sound at once."""
    notes: list[PlayedNote]
    """The annotated notes."""


def recordings_with_notes(folder: Path | None) -> list[Recording]:
    """Return the recordings of split dev that have annotated notes.

    Raises InputError if the folder cannot be read.
    """
    if folder is None:
        raise InputError("no practice recordings given; set --practice DIR or TIMBREL_PRACTICE")
    found = []
    for number, row in enumerate(_rows(folder / "manifest.csv")):
        truth = dict(zip(row["kind"].split(";"), row["truth"].split(";"), strict=True))
        if row["split"] != "dev" or "notes" not in truth:
            continue
        notes = [
            PlayedNote(float(line["onset_s"]), float(line["pitch_midi"]))
            for line in _rows(folder / truth["notes"])
        ]
        path = folder / row["path"]
        polyphonic = row["polyphonic"] == "1"
        found.append(Recording(number, path, row["source"], polyphonic, notes))
    return found


def sounds_of(
    recordings: Sequence[Recording], noises: Sequence[Samples]
) -> Iterator[tuple[Recording, Samples]]:
    """Yield each recording with its samples; with `noises`, as heard in a room of its own."""
    for recording in recordings:
        samples = read_sound(str(recording.path))
        if noises:
            rng = np.random.default_rng((ROOM_SEED, recording.number))
            response = random_room_response(
                rng, distance_metres=_DISTANCE_METRES, rt60_seconds=_RT60_SECONDS
            )
            samples = in_room(samples, response, noises, rng, snr_db=_SNR_DB)
        yield recording, samples


def in_room(
    samples: Samples,
    response: Samples,
    noises: Sequence[Samples],
    rng: np.random.Generator,
    *,
    snr_db: float,
) -> Samples:
    """Return samples (n,) as heard in a room with one of the noises, at -32 dBFS."""
    background = noises[int(rng.integers(len(noises)))]
    noisy = noise(room(samples, response), rng, background=background, snr_db=snr_db)
    return level(noisy, dbfs=_ROOM_DBFS)


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise InputError(
            f"{table}: {error.strerror}; set the folder with --practice DIR or TIMBREL_PRACTICE"
        ) from None
