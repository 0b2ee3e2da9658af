"""Fit the model of an experiment, and load it again."""

from pathlib import Path
from pickle import UnpicklingError
from zipfile import BadZipFile

import joblib

from daemon.errors import InputError
from model_build.lab.experiment import Experiment
from model_build.lab.models.classical import fit_classical
from model_build.lab.models.model import CLASSICAL_FILE, NETWORK_FILE, Fitted, TrainingSet
from model_build.networks.quiet_keras import import_keras

_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile, UnpicklingError)
"""What joblib and Keras raise if a file is missing or damaged."""


def fit(
    experiment: Experiment, data: TrainingSet, *, seed: int, folder: Path | None = None
) -> Fitted:
    """Fit the model; `folder` keeps what an interrupted training of a network continues from.

    Raises InputError if the loss becomes NaN, or if the weights to start from cannot be read.
    """
    if experiment.model.is_classical:
        return fit_classical(
            experiment.model, data, seed=seed, multi_label=experiment.data.multi_label
        )
    import_keras()
    from model_build.lab.models.fitting import fit_network

    return fit_network(experiment, data, seed=seed, folder=folder)


def load(experiment: Experiment, folder: Path) -> Fitted:
    """Load a model that was saved to a folder. Raises InputError if it is missing or damaged.

    A model of scikit-learn is a pickle: load only files that you trust.
    """
    try:
        return _loaded(experiment, folder)
    except _DAMAGE as error:
        (reason,) = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise InputError(
            f"{folder}: {reason}; remove this folder and run the experiment again"
        ) from None


def _loaded(experiment: Experiment, folder: Path) -> Fitted:
    if experiment.model.is_classical:
        fitted: Fitted = joblib.load(folder / CLASSICAL_FILE)
        return fitted
    import_keras()
    import keras

    from model_build.lab.models.fitted_network import FittedNetwork

    return FittedNetwork(
        keras.models.load_model(folder / NETWORK_FILE, compile=False),
        is_softmax=experiment.loss == "cross-entropy",
    )
