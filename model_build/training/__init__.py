"""Turn windows into a model file: fit, quantise, calibrate, set thresholds, assemble."""
