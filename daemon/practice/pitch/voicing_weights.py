"""Weights of the voicing logistic, made by `python -m model_build.pitch`; do not edit."""

BIAS = 2.0
WEIGHTS = (
    -2.0, -4.0, -1.0, 1.0, 1.0, 0.5, 0.5, 1.0, 0.2, 0.0, -0.5, 0.0, 0.0
)  # fmt: skip
