"""Turn windows into a model file: fit, quantize, calibrate, set thresholds, assemble."""
