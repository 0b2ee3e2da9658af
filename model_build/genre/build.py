"""Make the genre model's file: convert YAMNet's network to int8 and choose the least music."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import load_network
from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.hearing.logits import sigmoid
from daemon.hearing.model_file import GENRE, Provenance, write_contract
from daemon.practice.genre.genre_contract import MUSIC, GenreContract
from daemon.practice.genre.genre_network import GenreNetwork
from daemon.system.files.whole_file import whole_file
from model_build.corpus.manifest import read_manifest, rows_of
from model_build.genre.network import CLASS_NAMES, build_genre_network
from model_build.networks.yamnet import LICENCE, PATCH_FRAMES, base_of
from model_build.practice.joined_negatives import negative_files, read_clip
from model_build.progress import with_progress
from model_build.training.quantization.conversion import convert_to_tflite, export_saved_model

if TYPE_CHECKING:
    import keras

VERSION = "0.2"
SILENT_SHARE = 0.95
"""Share of clips of speech and noise whose genre is unknown."""

_KIND = "unlabelled"
_PATCH_HOP_FRAMES = PATCH_FRAMES // 2
_PATCHES_A_CLIP = 2
_NEGATIVES = 200
"""Clips each of speech and noise."""


def build_genre_model(base: Path | None, corpus: Path | None, output: Path, seed: int) -> None:
    """Write the genre model's file to `output`; print its figures.

    The ranges of the int8 values come from the corpus' unlabelled music and from its negatives of
    the split `train`, the least score of music from these negatives alone. Raises InputError if
    YAMNet or the corpus is missing, or if the corpus has no such clips.
    """
    network = build_genre_network(base_of(base))
    rng = np.random.default_rng(seed)
    music = _patches_of(_unlabelled(corpus), "unlabelled music")
    other = _patches_of(_negatives(corpus, rng), "speech and noise")
    ranges = [patch for patches in music + other for patch in _some(patches, rng)]
    with TemporaryDirectory() as folder:
        saved = export_saved_model(network, Path(folder, "saved"))
        int8 = convert_to_tflite(saved, np.stack(ranges))
    _, manifest = read_manifest(corpus)
    contract = _contract(hashlib.sha256(manifest).hexdigest(), seed)
    model = GenreNetwork(load_network(int8), contract)
    least = float(np.quantile(_music_scores(model, other), SILENT_SHARE))
    figures = {
        "unlabelled_music_unknown": float(np.mean(_music_scores(model, music) < least)),
        "same_genre_as_float": _agreement(model, network, music),
    }
    metrics = {name: round(value, 3) for name, value in figures.items()}
    provenance = msgspec.structs.replace(contract.provenance, metrics=metrics)
    with whole_file(output) as fresh:
        fresh.write_bytes(int8)
        write_contract(
            fresh,
            msgspec.structs.replace(contract, least_music=round(least, 4), provenance=provenance),
        )
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


def _unlabelled(corpus: Path | None) -> list[Path]:
    folder, manifest = read_manifest(corpus)
    files = [folder / row["path"] for row in rows_of(folder, manifest) if row["kind"] == _KIND]
    if not files:
        raise InputError(f"corpus {folder}: has no clips of the kind {_KIND}; add some")
    return files


def _negatives(corpus: Path | None, rng: np.random.Generator) -> list[Path]:
    """Return random files of speech and noise of the split `train`."""
    chosen = []
    for sort in ("speech", "noise"):
        files = negative_files(corpus, sort, "train")
        chosen += [files[index] for index in rng.permutation(len(files))[:_NEGATIVES]]
    return chosen


def _patches_of(files: list[Path], label: str) -> list[NDArray[np.float32]]:
    """Return the patches (n, 96, 64) of each file that is not too short for one."""
    log_mel, found = LogMel(FrontEnd()), []
    for path in with_progress(files, label, len(files)):
        frames = log_mel.frames(read_clip(path))
        starts = range(0, len(frames) - PATCH_FRAMES + 1, _PATCH_HOP_FRAMES)
        if starts:
            found.append(np.stack([frames[start : start + PATCH_FRAMES] for start in starts]))
    return found


def _some(patches: NDArray[np.float32], rng: np.random.Generator) -> Iterable[NDArray[np.float32]]:
    return patches[rng.permutation(len(patches))[:_PATCHES_A_CLIP]]


def _music_scores(model: GenreNetwork, clips: Iterable[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Return the mean score of `music` of each clip."""
    index = model.contract.classes.index(MUSIC)
    return np.array([np.mean([model.scores(p)[index] for p in patches]) for patches in clips])


def _agreement(
    model: GenreNetwork, network: "keras.Model", clips: Iterable[NDArray[np.float32]]
) -> float:
    """Return the share of clips whose likeliest genre quantizing does not change."""
    same = []
    for patches in clips:
        logits = np.asarray(network(patches, training=False)[GENRE])
        quantized = np.stack([model.scores(patch) for patch in patches])
        same.append(_likeliest(sigmoid(logits), model) == _likeliest(quantized, model))
    return float(np.mean(same))


def _likeliest(scores: NDArray[np.float32], model: GenreNetwork) -> str:
    """Return the genre with the highest sum of mean scores (classes,)."""
    means = scores.mean(axis=0)
    sums = {
        genre: sum(means[i] for i, name in enumerate(model.contract.classes) if name == genre)
        for genre in model.contract.genres
    }
    return max(sums, key=sums.__getitem__)
