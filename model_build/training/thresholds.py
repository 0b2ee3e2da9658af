"""Held-out windows through the quantised network in; calibration and thresholds by family out."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.hearing.logits import sigmoid
from daemon.hearing.model_file import Calibration
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder, write_json
from model_build.training.assemble import OperatingPoints, assemble, logits_of
from model_build.training.rehearsal import rehearse
from model_build.windows.features import made_features

STEEPEST, FLATTEST = 0.2, 5.0  # bounds of the temperature
LOWEST, HIGHEST = 0.05, 0.95  # bounds of a threshold
FEWEST_DETECTIONS = 5
_NEWTON_STEPS = 50
_PRIOR_WINDOWS = 50.0  # as if so many windows spoke for the prior


def find_operating_points(recipe: Recipe, run: RunFolder) -> OperatingPoints:
    """Calibrate each family, set its threshold, write the run's model with its contract.

    Thresholds reach the recipe's precision on held-out windows; where it wants a rehearsal, they
    then move together until the model is calm enough on that.
    """
    made = made_features(recipe, run)
    labels = run.windows("held").labels
    logits = _pooled_logits(recipe, run)
    joint = calibrate(logits.ravel(), labels.ravel())
    calibration = tuple(
        calibrate(logits[:, f], labels[:, f], joint) for f in range(len(recipe.families))
    )
    scores = np.stack([_scores(logits[:, f], c) for f, c in enumerate(calibration)], axis=1)
    thresholds = tuple(
        threshold(scores[:, f], labels[:, f], recipe.precision) for f in range(len(calibration))
    )
    points = _reached(scores, labels, calibration, thresholds)
    network = run.needed(run.network, "quantize")
    assemble(network, run.model, recipe, points=points, corpus_sha256=made.corpus_sha256)
    if recipe.rehearsal:
        rehearsed = rehearse(run.model, recipe, recipe.rehearsal, run)
        write_json(run.rehearsal, rehearsed)
        points = _reached(scores, labels, calibration, rehearsed.thresholds)
        assemble(network, run.model, recipe, points=points, corpus_sha256=made.corpus_sha256)
    write_json(run.operating_points, points)
    return points


def _reached(
    scores: NDArray[np.float64],
    labels: NDArray[np.uint8],
    calibration: tuple[Calibration, ...],
    thresholds: tuple[float, ...],
) -> OperatingPoints:
    """The operating points with the precision and recall that they have on these windows."""
    detected = scores >= np.array(thresholds)
    hits = (detected & (labels == 1)).sum(axis=0)
    precision = hits / np.maximum(1, detected.sum(axis=0))
    recall = hits / np.maximum(1, (labels == 1).sum(axis=0))
    return OperatingPoints(
        calibration, thresholds, tuple(precision.tolist()), tuple(recall.tolist())
    )


def found_operating_points(run: RunFolder) -> OperatingPoints:
    """What `find_operating_points` left in the run folder; InputError when there is nothing."""
    document = run.needed(run.operating_points, "thresholds").read_bytes()
    return msgspec.json.decode(document, type=OperatingPoints)


def calibrate(
    logits: NDArray[np.float32],
    labels: NDArray[np.uint8],
    prior: Calibration = Calibration(),  # noqa: B008 (frozen)
) -> Calibration:
    """Temperature and offset that make scores into probabilities, from (n,) logits and labels.

    They stay near `prior`: a family's held-out windows come from few instruments, and what all
    families say together is the better guess for each of them.

    Platt, "Probabilistic outputs for support vector machines" (1999), by Newton's method; the
    slope is kept positive, so that ranks survive.
    """
    x = np.stack([logits.astype(np.float64), np.ones(len(logits))], axis=1)
    prior_weight = _PRIOR_WINDOWS / len(x)
    start = np.array([1.0 / prior.temperature, prior.offset])
    slope_offset = start.copy()
    for _ in range(_NEWTON_STEPS):
        p = sigmoid(x @ slope_offset)
        gradient = x.T @ (p - labels) / len(x) + prior_weight * (slope_offset - start)
        curvature = (x * (p * (1.0 - p))[:, None]).T @ x / len(x) + prior_weight * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        slope_offset -= step / max(1.0, float(np.abs(step).max()))
    slope = float(np.clip(slope_offset[0], 1.0 / FLATTEST, 1.0 / STEEPEST))
    return Calibration(temperature=1.0 / slope, offset=float(slope_offset[1]))


def threshold(scores: NDArray[np.float64], labels: NDArray[np.uint8], precision: float) -> float:
    """The lowest threshold that reaches the precision.

    Where none reaches it, the one of the best F0.5, which counts precision for more than recall.
    At least five windows are detected. Scores and labels are (n,); the threshold lies within
    0.05 .. 0.95.
    """
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(labels[order])
    reached = right / np.arange(1, len(order) + 1)
    last_of_equals = np.append(np.diff(scores[order]) != 0, True)
    possible = np.flatnonzero(
        last_of_equals
        & (np.arange(1, len(order) + 1) >= min(FEWEST_DETECTIONS, len(order)))
        & (scores[order] >= LOWEST)
    )
    good = possible[reached[possible] >= precision]
    if len(good):
        at = float(scores[order][good[-1]])
    elif len(possible):
        recalled = right / max(1, int(right[-1]))
        f_half = 1.25 * reached * recalled / np.maximum(0.25 * reached + recalled, 1e-9)
        at = float(scores[order][possible[np.argmax(f_half[possible])]])
    else:
        at = HIGHEST
    return min(max(at, LOWEST), HIGHEST)


def _pooled_logits(recipe: Recipe, run: RunFolder) -> NDArray[np.float32]:
    """Logits (windows, families) as the daemon pools them."""
    held = run.windows("held")
    with TemporaryDirectory() as folder:
        network = run.needed(run.network, "quantize")
        logits = logits_of(assemble(network, Path(folder, "model.tflite"), recipe))
        patches = held.patches.reshape(-1, *held.patches.shape[2:]).astype(np.float32)
        by_patch = logits(patches)
    by_window = by_patch.reshape(*held.patches.shape[:2], -1)
    return np.asarray(by_window.mean(axis=1), np.float32)


def _scores(logits: NDArray[np.float32], calibration: Calibration) -> NDArray[np.float64]:
    z = logits.astype(np.float64) / calibration.temperature + calibration.offset
    return sigmoid(z)
