"""Check the keys and values that `search` and `ablate` vary."""

import contextlib
from collections.abc import Iterator

import msgspec

from daemon.errors import InputError
from model_build.lab.experiment.experiment import Experiment
from model_build.lab.experiment.replaced import replaced
from model_build.lab.experiment.search import tried


def plain(experiment: Experiment) -> Experiment:
    """Return an experiment without `search`, `ablate` and pictures."""
    output = msgspec.structs.replace(experiment.output, cam="none")
    return msgspec.structs.replace(experiment, search=None, ablate={}, output=output)


def variation_faults(experiment: Experiment) -> list[str]:
    """Return what is wrong with each key and value that varies, tried one at a time."""
    faults: list[str] = []

    @contextlib.contextmanager
    def noting(place: str) -> Iterator[None]:
        try:
            yield
        except InputError as error:
            faults.extend(f"{place}: {line}" for line in error.lines)

    base = plain(experiment)
    for key, choices in (experiment.search.space if experiment.search else {}).items():
        for value in tried(choices):
            with noting("search.space"):
                replaced(base, {key: value})
    for name, part in experiment.ablate.items():
        with noting(f"ablate.{name}"):
            if replaced(base, part.replace, part.remove) == base:
                raise InputError("it changes nothing; name keys that the experiment sets")
    return list(dict.fromkeys(faults))
