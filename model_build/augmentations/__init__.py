"""Transforms of training sound, one per file: samples or patches in, the same kind out."""
