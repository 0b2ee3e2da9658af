"""MIDI files of melodies and harmonies, and their sound."""
