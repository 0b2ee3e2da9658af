"""Builds the daemon from its parts and runs its loop."""
