"""Computed sounds of a home: machines, impacts, water, fire and more."""
