"""Recordings: their labels, splits and decoded sound."""
