"""Recordings with annotations, for measuring only: a folder with manifest.csv, see its README.

In a room: a random shoebox with household noise 15 dB below the music, at -32 dBFS.
"""

import csv
import re
from collections.abc import Iterator
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
from model_build.chords.negatives import read_clip

ROOM_SEED = 1
_DISTANCE_METRES, _RT60_SECONDS = (1.0, 4.0), (0.2, 0.7)
_SNR_DB, _LEVEL_DBFS = 15.0, -32.0
# Sources whose recordings are independent of each other.
_MANY_ARTISTS = ("gtzan", "lmms-beats", "fazioli", "stanford-mir", "essentia-chords")


class Recording(NamedTuple):
    """A recording and where its annotations are."""

    path: Path
    """The sound."""
    number: int
    """Its row in the manifest, from 0."""
    source: str
    """The data set, player or instrument that it comes from."""
    is_polyphonic: bool
    """True if several notes sound at once."""
    truth: dict[str, Path]
    """Annotation files by kind."""

    @property
    def cluster(self) -> str:
        """Recordings of one cluster are not independent: the same piece or player."""
        if self.source in _MANY_ARTISTS:
            return self.path.name
        piece = re.match(r"bach10-\d\d", self.path.name)
        return piece.group() if piece else self.source

    def annotation(self, kind: str) -> list[list[str]]:
        """Return the rows of an annotation without its header."""
        with self.truth[kind].open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))[1:]


def read_recordings(practice: Path) -> list[Recording]:
    """Return all recordings of a folder. Raises InputError if it has no manifest."""
    manifest = practice / "manifest.csv"
    try:
        text = manifest.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"practice recordings {manifest}: {error.strerror}; set their folder with --practice "
            "DIR or TIMBREL_PRACTICE"
        ) from None
    return [
        Recording(
            practice / row["path"],
            number,
            row["source"],
            row["polyphonic"] == "1",
            {
                kind: practice / path
                for kind, path in zip(row["kind"].split(";"), row["truth"].split(";"), strict=True)
            },
        )
        for number, row in enumerate(csv.DictReader(text.splitlines()))
    ]


def sounds(
    recordings: list[Recording], noises: list[Path] | None
) -> Iterator[tuple[Recording, NDArray[np.float32]]]:
    """Yield each recording with its samples (n,) at 16 kHz, in a room if there are `noises`."""
    for recording in recordings:
        samples = read_sound(str(recording.path))
        yield recording, samples if noises is None else _in_room(samples, recording, noises)


def _in_room(
    samples: NDArray[np.float32], recording: Recording, noises: list[Path]
) -> NDArray[np.float32]:
    rng = np.random.default_rng([ROOM_SEED, recording.number])
    response = random_room_response(
        rng, distance_metres=_DISTANCE_METRES, rt60_seconds=_RT60_SECONDS
    )
    background = read_clip(noises[int(rng.integers(len(noises)))])
    while not background.any():
        background = read_clip(noises[int(rng.integers(len(noises)))])
    wet = room(samples, response)
    return level(noise(wet, rng, background=background, snr_db=_SNR_DB), dbfs=_LEVEL_DBFS)
