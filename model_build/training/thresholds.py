"""Calibrate a run's quantized network and set its thresholds, on held-out windows."""

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.model_file import Calibration
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder, write_json
from model_build.training.assemble import load_run_classifier
from model_build.training.calibration import calibrate, calibrated
from model_build.training.operating_points import OperatingPoints
from model_build.training.precision_threshold import threshold_for_precision
from model_build.training.rehearsal import rehearse
from model_build.windows.features import made_features


def find_operating_points(recipe: Recipe, run: RunFolder) -> OperatingPoints:
    """Calibrate each family, choose its threshold, and write both to the run folder.

    Thresholds reach the recipe's precision on held-out windows. If the recipe has a `rehearsal:`
    section, they are then moved until there are few false events in the rehearsal. Raises
    InputError if the network is missing, or if the features are missing or were made with other
    settings.
    """
    made_features(recipe, run)
    labels = run.windows("held").labels
    logits = _pooled_logits(recipe, run)
    joint = calibrate(logits.ravel(), labels.ravel())
    calibration = tuple(
        calibrate(logits[:, f], labels[:, f], joint) for f in range(len(recipe.families))
    )
    scores = np.stack([calibrated(logits[:, f], c) for f, c in enumerate(calibration)], axis=1)
    thresholds = tuple(
        threshold_for_precision(scores[:, f], labels[:, f], recipe.precision)
        for f in range(len(calibration))
    )
    points = _operating_points(scores, labels, calibration, thresholds)
    if recipe.rehearsal:
        classifier = load_run_classifier(recipe, run, points)
        rehearsed = rehearse(classifier, recipe.rehearsal, run, seed=recipe.seed)
        write_json(run.rehearsal, rehearsed)
        points = _operating_points(scores, labels, calibration, rehearsed.thresholds)
    write_json(run.operating_points, points)
    return points


def _operating_points(
    scores: NDArray[np.float64],
    labels: NDArray[np.uint8],
    calibration: tuple[Calibration, ...],
    thresholds: tuple[float, ...],
) -> OperatingPoints:
    """Measure precision and recall of the thresholds; scores and labels are (windows, families)."""
    detected = scores >= np.array(thresholds)
    hits = (detected & (labels == 1)).sum(axis=0)
    precision = hits / np.maximum(1, detected.sum(axis=0))
    recall = hits / np.maximum(1, (labels == 1).sum(axis=0))
    return OperatingPoints(
        calibration, thresholds, tuple(precision.tolist()), tuple(recall.tolist())
    )


def _pooled_logits(recipe: Recipe, run: RunFolder) -> NDArray[np.float32]:
    """Return the logits (windows, families) of the held-out windows, pooled as in the daemon."""
    held = run.windows("held")
    classifier = load_run_classifier(recipe, run)
    patches = held.patches.reshape(-1, *held.patches.shape[2:]).astype(np.float32)
    by_patch = np.stack([classifier.logits(patch) for patch in patches])
    by_window = by_patch.reshape(*held.patches.shape[:2], -1)
    return np.asarray(by_window.mean(axis=1), np.float32)
