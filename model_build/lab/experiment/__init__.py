"""One experiment as frozen settings, read from a YAML file."""

from model_build.lab.experiment.ablation import Ablated
from model_build.lab.experiment.data import Data
from model_build.lab.experiment.experiment import Experiment
from model_build.lab.experiment.front_end import FrontEndSettings
from model_build.lab.experiment.model import Model
from model_build.lab.experiment.pruning import Pruning
from model_build.lab.experiment.reading import read_experiment
from model_build.lab.experiment.search import Search
from model_build.lab.experiment.training import Augmentation, Training
from model_build.lab.experiment.validation import Output, Validation

__all__ = [
    "Ablated",
    "Augmentation",
    "Data",
    "Experiment",
    "FrontEndSettings",
    "Model",
    "Output",
    "Pruning",
    "Search",
    "Training",
    "Validation",
    "read_experiment",
]
