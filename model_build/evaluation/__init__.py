"""Measure models on the corpus' dev clips: clips, events, conditions, cost."""
