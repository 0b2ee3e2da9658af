"""Weights of the voicing logistic, made by `python -m model_build.pitch`."""

BIAS = 6.148
WEIGHTS = (
    1.129,
    -8.199,
    -0.288,
    0.602,
    3.083,
    -0.648,
    5.693,
    4.113,
    1.930,
    2.120,
    -0.504,
    -2.859,
    -0.059,
)
"""One a feature, in the order of `features`; the logit is BIAS plus their sum."""
