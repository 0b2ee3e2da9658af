"""Weights of the voicing logistic, made by `python -m model_build.pitch`."""

BIAS = 4.679
WEIGHTS = (
    0.523,
    -6.950,
    1.924,
    3.457,
    1.870,
    0.810,
    -0.960,
)
"""One a feature, in the order of `features`; the logit is BIAS plus their sum."""
