"""The notes of a recording, divided among the families that play, and their MIDI file."""
