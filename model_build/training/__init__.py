"""From windows to a model file: fitting, quantizing, thresholds."""
