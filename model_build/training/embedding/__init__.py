"""Fit the layer whose output tells the instruments of a home apart."""
