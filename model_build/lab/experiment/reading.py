"""Read an experiment from its file."""

from pathlib import Path

from daemon.configuration.yaml.yaml_file import read_yaml
from daemon.errors import InputError
from model_build.lab.experiment.experiment import Experiment
from model_build.lab.experiment.variations import variation_faults


def read_experiment(path: Path) -> Experiment:
    """Read an experiment. Raises InputError naming the file, the line and the key if invalid."""
    experiment = read_yaml(path, Experiment)
    if faults := variation_faults(experiment):
        raise InputError(*(f"{path}: {fault}" for fault in faults))
    return experiment
