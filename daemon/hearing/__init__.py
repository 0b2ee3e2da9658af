"""Recognize instrument families: windows to scores, and scores to events."""
