"""Mixtures of two families, made of the dev phrases of a rendered corpus."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from model_build.augmentations.level import level
from model_build.corpus.manifest import Row
from model_build.rendering import players
from model_build.rendering.corpus_settings import CorpusSettings
from model_build.rendering.rendered_clips import PART_DBFS, write_sound

MIXTURES_A_PHRASE = 2
PARTS = 2


def write_mixtures(folder: Path, settings: CorpusSettings, rows: Sequence[Row]) -> list[Row]:
    """Write mixtures of two of the phrases that `rows` lists; return the rows of the mixtures.

    There are none if fewer than two families have dev phrases.
    """
    by_family: dict[str, list[Row]] = {}
    for row in rows:
        if row["kind"] == "phrase" and row["split"] == "dev":
            by_family.setdefault(row["label"], []).append(row)
    if len(by_family) < PARTS:
        return []
    rng = np.random.default_rng([settings.seed, len(players.PLAYERS)])
    mixed = []
    for number in range(MIXTURES_A_PHRASE * settings.phrases_per_programme):
        families = sorted(map(str, rng.choice(sorted(by_family), PARTS, replace=False)))
        parts = [by_family[family][rng.integers(len(by_family[family]))] for family in families]
        sounds = (soundfile.read(folder / part["path"], dtype="float32")[0] for part in parts)
        samples = sum(level(sound, dbfs=PART_DBFS) for sound in sounds)
        row = parts[0] | {
            "path": f"mixture/{number:03d}.flac",
            "kind": "mixture",
            "label": ";".join(families),
            "accepts": "",
            "instrument": "",
            "source": "+".join(part["source"] for part in parts),
            "group": "+".join(part["group"] for part in parts),
            "original": " and ".join(part["path"] for part in parts),
        }
        write_sound(folder / row["path"], np.clip(samples, -1.0, 1.0))
        mixed.append(row)
    return mixed
