"""Fit the layer whose output names the genre of the music."""
