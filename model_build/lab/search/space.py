"""The keys that a search varies, as KerasTuner's hyperparameters."""

from collections.abc import Mapping
from typing import Any

import keras_tuner

from model_build.lab.experiment import Experiment, Search
from model_build.lab.experiment.replaced import is_whole
from model_build.lab.experiment.search import Between, Choices

_DIGITS = 4
"""Significant digits of a number that is drawn from a range."""


def hyperparameters(search: Search) -> Any:
    """Return the space as KerasTuner's hyperparameters; a list of values by their places."""
    made = keras_tuner.HyperParameters()
    for key, choices in search.space.items():
        if not isinstance(choices, Between):
            made.Choice(key, list(range(len(choices))), ordered=False)
        else:
            low, high = choices.ends
            sampling = "log" if choices.log else "linear"
            if is_whole(Experiment, key):
                made.Int(key, round(low), round(high), sampling=sampling)
            else:
                made.Float(key, low, high, sampling=sampling)
    return made


def drawn_values(search: Search, drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of each key from what KerasTuner has drawn."""
    return {key: _value(choices, drawn[key]) for key, choices in search.space.items()}


def _value(choices: Choices, drawn: Any) -> Any:
    if not isinstance(choices, Between):
        return choices[drawn]
    if isinstance(drawn, int):
        return drawn
    low, high = choices.ends
    return min(max(float(f"{drawn:.{_DIGITS}g}"), low), high)
