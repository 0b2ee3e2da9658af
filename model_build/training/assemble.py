"""A bare `.tflite` and what is known of it in, the model file with its contract out."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import load_classifier
from daemon.hearing.log_mel import FrontEnd
from daemon.hearing.model_file import (
    CONTRACT_VERSION,
    Calibration,
    Contract,
    Provenance,
    write_contract,
)
from model_build.networks.yamnet import LICENCE
from model_build.recipe import Recipe


class OperatingPoints(msgspec.Struct, frozen=True):
    """Per family, in the recipe's order: calibration, threshold, and what the threshold gives."""

    calibration: tuple[Calibration, ...]
    thresholds: tuple[float, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]


def assemble(
    bare: Path,
    model: Path,
    recipe: Recipe,
    *,
    points: OperatingPoints | None = None,
    corpus_sha256: str = "",
    metrics: Mapping[str, float] | None = None,
) -> Path:
    """Copy the bare network to `model` and append its contract; return `model`.

    Without operating points a score is the logit's sigmoid and every threshold 0.5.
    """
    count = len(recipe.families)
    contract = Contract(
        contract_version=CONTRACT_VERSION,
        tflite_sha256="",
        name=f"timbrel-{recipe.name}",
        version=recipe.version,
        front_end=FrontEnd(),
        patch_frames=recipe.patches.frames,
        patch_starts=recipe.patches.starts,
        pooling="mean",
        families=recipe.families,
        calibration=points.calibration if points else (Calibration(),) * count,
        thresholds=points.thresholds if points else (0.5,) * count,
        provenance=Provenance(
            recipe_sha256=recipe.sha256,
            corpus_sha256=corpus_sha256,
            seed=recipe.seed,
            metrics=dict(metrics or {}),
            base="YAMNet" if recipe.teaching else "",
            base_licence=LICENCE if recipe.teaching else "",
        ),
    )
    model.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(bare, model)
    write_contract(model, contract)
    return model


def logits_of(model: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The model as the daemon runs it: patches (n, frames, bands) in, logits (n, families) out."""
    classifier = load_classifier(model)
    return lambda patches: np.stack([classifier.logits(patch) for patch in patches])
