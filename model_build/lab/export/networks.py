"""Any exportable model of the lab as one Keras network, from a chunk to a logit per class."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from model_build.lab.experiment import Experiment
from model_build.lab.models.classical import Classical
from model_build.lab.models.fitted_network import FittedNetwork
from model_build.lab.models.model import Fitted
from model_build.lab.models.networks import statistics
from model_build.lab.models.trunk import build_trunk

_NEVER = -30.0
"""The logit of a class that the model was not trained on."""
_LEAST_SCALE = 0.01
"""The least scale of a feature relative to the largest: int8 cannot resolve smaller differences,
and one feature that hardly ever changes would take the whole range from the others."""


def network_of(fitted: Fitted, experiment: Experiment, classes: int) -> keras.Model:
    """Return a network from chunks (frames, bands) to logits (classes,) with the model's scores.

    `fitted` is a network, or logistic regression on pooled bands or on a trunk. Raises TypeError
    for any other model.
    """
    if isinstance(fitted, FittedNetwork):
        return fitted.model
    if not isinstance(fitted, Classical):
        raise TypeError(f"{type(fitted).__name__} has no form as a network")
    front_end = experiment.front_end
    chunk = keras.Input((front_end.chunk_frames, front_end.frame_values))
    if experiment.model.trunk_of:
        features = build_trunk(experiment.model, front_end.chunk_frames)(chunk)
    else:
        features = keras.layers.Concatenate()(statistics(chunk))
    mean, scale, weights, bias = _linear(fitted, classes)
    scale = np.maximum(scale, _LEAST_SCALE * scale.max())
    scaled = keras.layers.Normalization(mean=mean, variance=scale**2)(features)
    logits = keras.layers.Dense(classes, name="logits")
    made = keras.Model(chunk, logits(scaled))
    logits.set_weights([weights, bias])
    return made


def _linear(fitted: Classical, classes: int) -> tuple[NDArray[np.float64], ...]:
    """Return mean and scale (values,) of the features, weights (values, classes) and bias."""
    first: Any = fitted.estimators[0]
    scaler = first[0]
    weights = np.zeros((len(scaler.mean_), classes))
    bias = np.full(classes, _NEVER)
    for estimator, places in zip(fitted.estimators, fitted.places, strict=True):
        own, regression = estimator[0], estimator[-1]
        # Each class of several labels has its own scaler; express it by that of the first.
        coefficients = regression.coef_ * scaler.scale_ / own.scale_
        shift = (regression.coef_ * (scaler.mean_ - own.mean_) / own.scale_).sum(axis=1)
        rows, constants = coefficients, regression.intercept_ + shift
        if len(rows) == 1 and len(places) > 1:
            rows, constants = np.concatenate([0 * rows, rows]), np.array([0.0, constants[0]])
        weights[:, places], bias[places] = rows.T, constants
    return scaler.mean_, scaler.scale_, weights, bias
