"""One experiment as frozen settings, read from a YAML file."""

from model_build.lab.experiment.data import Data
from model_build.lab.experiment.experiment import Experiment, read_experiment
from model_build.lab.experiment.front_end import FrontEndSettings
from model_build.lab.experiment.model import Model
from model_build.lab.experiment.training import Augmentation, Training
from model_build.lab.experiment.validation import Output, Validation

__all__ = [
    "Augmentation",
    "Data",
    "Experiment",
    "FrontEndSettings",
    "Model",
    "Output",
    "Training",
    "Validation",
    "read_experiment",
]
