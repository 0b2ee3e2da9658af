"""The sound that the note model learns from, with the exact times and pitches of its notes."""
