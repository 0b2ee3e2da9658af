"""Print the module daemon/practice/pitch/voicing_weights.py, fitted anew.

Run: python -m model_build.pitch > daemon/practice/pitch/voicing_weights.py
"""

import sys

import numpy as np

from model_build.pitch.fit import Weights, fitted

SEED, LINES, SECONDS = 1, 120, 4.0


def module_text(fit: Weights) -> str:
    """Return the Python module that holds the weights."""
    rows = "".join(f"    {weight:.3f},\n" for weight in fit.weights)
    return (
        '"""Weights of the voicing logistic, made by `python -m model_build.pitch`."""\n\n'
        f"BIAS = {fit.bias:.3f}\nWEIGHTS = (\n{rows})\n"
        '"""One a feature, in the order of `features`; the logit is BIAS plus their sum."""\n'
    )


if __name__ == "__main__":
    result = fitted(np.random.default_rng(SEED), lines=LINES, seconds=SECONDS)
    print(module_text(result), end="")
    print(f"correct frames of other lines: {result.accuracy:.3f}", file=sys.stderr)
