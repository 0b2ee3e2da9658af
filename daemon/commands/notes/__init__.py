"""The notes of a replayed recording: printed, or written to a MIDI file."""
