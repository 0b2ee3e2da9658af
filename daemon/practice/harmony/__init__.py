"""Key and chords of the music."""
