"""Recognize the notes that are played: sound to activations, and activations to notes."""
