"""Measure the events that the daemon makes of a model's scores."""
