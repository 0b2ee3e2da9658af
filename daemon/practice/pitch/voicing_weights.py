"""Weights of the voicing logistic, made by `python -m model_build.pitch`."""

BIAS = 1.892
WEIGHTS = (
    2.107,
    -6.110,
    0.283,
    3.412,
    4.597,
    2.215,
    -0.886,
)
"""One a feature, in the order of `features`; the logit is BIAS plus their sum."""
