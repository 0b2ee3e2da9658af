"""Transforms of samples for training, one per file."""
