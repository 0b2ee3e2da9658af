"""Make the genre model's file: cut YAMNet's network, and choose the least score of music."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import load_network
from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.hearing.model_file import GENRE, Provenance, write_contract
from daemon.practice.genre.genre_contract import MUSIC, GenreContract
from daemon.practice.genre.genre_network import GenreNetwork
from daemon.practice.genre.genre_trace import genre_shares
from daemon.system.files.whole_file import whole_file
from model_build.corpus.manifest import read_manifest, rows_of
from model_build.genre.network import CLASS_NAMES, cut_genre_network
from model_build.networks.yamnet import LICENCE, PATCH_FRAMES, base_of
from model_build.practice.joined_negatives import negative_files, read_clip
from model_build.progress import with_progress

VERSION = "0.2"
UNKNOWN_SHARE = 0.95
"""Share of clips of speech and noise whose genre is unknown."""

_PATCH_HOP_FRAMES = PATCH_FRAMES // 2
_CLIPS = 200
"""Clips each of speech and noise."""
_MUSIC_KIND = "unlabelled"


def build_genre_model(base: Path | None, corpus: Path | None, output: Path, seed: int) -> None:
    """Write the genre model's file to `output`; print its figures.

    The least score of music comes from the corpus' speech and noise of the split `train` alone; of
    its unlabelled music, the share that stays unknown is measured. Raises InputError if YAMNet or
    the corpus is missing, or if the corpus has no such clips.
    """
    network = cut_genre_network(base_of(base))
    _, manifest = read_manifest(corpus)
    contract = _contract(hashlib.sha256(manifest).hexdigest(), seed)
    model = GenreNetwork(load_network(network), contract)
    music = list(_scores(model, _unlabelled_music(corpus), "unlabelled music"))
    other = list(_scores(model, _speech_and_noise(corpus, seed), "speech and noise"))
    index = CLASS_NAMES.index(MUSIC)
    least = float(np.quantile([scores[:, index].mean() for scores in other], UNKNOWN_SHARE))
    contract = msgspec.structs.replace(contract, least_music=round(least, 4))
    figures = {
        "speech_and_noise_unknown": _unknown(other, contract),
        "unlabelled_music_unknown": _unknown(music, contract),
    }
    metrics = {name: round(value, 3) for name, value in figures.items()}
    provenance = msgspec.structs.replace(contract.provenance, metrics=metrics)
    with whole_file(output) as fresh:
        fresh.write_bytes(network)
        write_contract(fresh, msgspec.structs.replace(contract, provenance=provenance))
    for name, value in {"least_music": least, **figures}.items():
        print(f"{name}: {value:.3f}")
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


def _contract(corpus_sha256: str, seed: int) -> GenreContract:
    return GenreContract(
        tflite_sha256="",
        name="timbrel-genre",
        version=VERSION,
        front_end=FrontEnd(),
        patch_frames=PATCH_FRAMES,
        patch_hop_frames=_PATCH_HOP_FRAMES,
        classes=CLASS_NAMES,
        least_music=0.5,
        outputs={GENRE: GENRE},
        provenance=Provenance("", corpus_sha256, seed, {}, "YAMNet", LICENCE),
    )


def _unlabelled_music(corpus: Path | None) -> list[Path]:
    folder, manifest = read_manifest(corpus)
    rows = rows_of(folder, manifest)
    files = [folder / row["path"] for row in rows if row["kind"] == _MUSIC_KIND]
    if not files:
        raise InputError(f"corpus {folder}: has no clips of the kind {_MUSIC_KIND}; add some")
    return files


def _speech_and_noise(corpus: Path | None, seed: int) -> list[Path]:
    """Return random files of the split `train`."""
    rng = np.random.default_rng(seed)
    chosen = []
    for sort in ("speech", "noise"):
        files = negative_files(corpus, sort, "train")
        chosen += [files[index] for index in rng.permutation(len(files))[:_CLIPS]]
    return chosen


def _scores(model: GenreNetwork, files: list[Path], label: str) -> Iterable[NDArray[np.float32]]:
    """Yield the scores (patches, classes) of each file that is not too short for a patch."""
    log_mel = LogMel(FrontEnd())
    for path in with_progress(files, label, len(files)):
        frames = log_mel.frames(read_clip(path))
        starts = range(0, len(frames) - PATCH_FRAMES + 1, _PATCH_HOP_FRAMES)
        if starts:
            yield np.stack([model.scores(frames[start : start + PATCH_FRAMES]) for start in starts])


def _unknown(clips: list[NDArray[np.float32]], contract: GenreContract) -> float:
    """Return the share of clips whose genre is unknown."""
    return float(np.mean([genre_shares(scores, contract) is None for scores in clips]))
