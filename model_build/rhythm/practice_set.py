"""The annotated recordings that the rhythm is measured on, and sound that has none."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.practice.dynamics import Swell
from daemon.sound.sound_file import read_sound
from model_build.augmentations.level import level
from model_build.augmentations.noise import noise
from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import room
from model_build.rhythm.surroundings import negatives, sounds

KINDS = {"tempo", "beats", "dynamics"}
"""The annotations that are read."""
CLIPS_TOGETHER = 4
NEGATIVES = {"speech": 14, "noise": 14, "other": 12}
"""How many clips without music of each label are joined, four a recording."""

# Collections of recordings by different players: each recording is a source of its own.
_COLLECTIONS = {"gtzan", "lmms-beats", "stanford-mir"}
_DISTANCE_METRES, _RT60_SECONDS, _SNR_DB, _ROOM_DBFS, _ROOM_SEED = (
    (1.0, 4.0),
    (0.2, 0.7),
    15,
    -32,
    1,
)

Samples = NDArray[np.float32]


class Recording(NamedTuple):
    """An annotated recording."""

    samples: Samples
    """Samples (n,) at 16 kHz."""
    source: str
    """One player or recording."""
    bpm: float | None
    """The annotated tempo, if any."""
    beats_seconds: NDArray[np.float64]
    """The annotated beats (b,); empty without annotation."""
    swells: list[Swell]
    """The marked swells."""


def recordings(practice: Path, noises: list[Samples]) -> Iterator[Recording]:
    """Yield the recordings of a folder with tempo, beats or swells.

    With `noises`, each is heard in a room of its own: at 1 to 4 m, with one of the noises at an SNR
    of 15 dB, at -32 dBFS. Raises InputError if the folder cannot be read.
    """
    for number, row in enumerate(_rows(practice / "manifest.csv")):
        truth = dict(zip(row["kind"].split(";"), row["truth"].split(";"), strict=True))
        if not KINDS & truth.keys():
            continue
        samples = read_sound(str(practice / row["path"]))
        if noises:
            samples = in_room(samples, noises, np.random.default_rng((_ROOM_SEED, number)))
        tables = {kind: _rows(practice / truth[kind]) for kind in KINDS & truth.keys()}
        beats = [float(line["time_s"]) for line in tables.get("beats", [])]
        tempo = tables.get("tempo")
        yield Recording(
            samples,
            row["path"] if row["source"] in _COLLECTIONS else row["source"],
            float(tempo[0]["bpm"]) if tempo else None,
            np.array(beats),
            [_swell(line) for line in tables.get("dynamics", [])],
        )


def in_room(samples: Samples, noises: list[Samples], rng: np.random.Generator) -> Samples:
    """Return samples (n,) as heard in a random room with one of the noises, at -32 dBFS."""
    response = random_room_response(
        rng, distance_metres=_DISTANCE_METRES, rt60_seconds=_RT60_SECONDS
    )
    background = noises[rng.integers(len(noises))]
    noisy = noise(room(samples, response), rng, background=background, snr_db=_SNR_DB)
    return level(noisy, dbfs=_ROOM_DBFS)


def dev_noises(corpus: Path) -> list[Samples]:
    """Return the noises of a corpus' split `dev`. Raises InputError if it cannot be read."""
    return sounds(negatives(corpus, "dev", ["noise"]))


def without_music(corpus: Path, split: str, seed: int = 0) -> Iterator[Samples]:
    """Yield 40 recordings of speech, noise and other sound, each of four clips, about 16 s.

    Raises InputError if the corpus cannot be read.
    """
    for label, count in NEGATIVES.items():
        paths = negatives(corpus, split, [label])
        order = np.random.default_rng(seed).permutation(len(paths))[: CLIPS_TOGETHER * count]
        for start in range(0, len(order), CLIPS_TOGETHER):
            together = [paths[k] for k in order[start : start + CLIPS_TOGETHER]]
            yield np.concatenate([*sounds(together), np.zeros(0, np.float32)])


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise InputError(
            f"{table}: {error.strerror}; set the folder of recordings with TIMBREL_PRACTICE"
        ) from None


def _swell(line: dict[str, str]) -> Swell:
    return Swell(
        float(line["start_s"]),
        float(line["end_s"]),
        "crescendo" if line["label"] == "crescendo" else "decrescendo",
    )
