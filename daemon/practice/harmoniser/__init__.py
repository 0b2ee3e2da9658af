"""Voices and chords for a melody."""
