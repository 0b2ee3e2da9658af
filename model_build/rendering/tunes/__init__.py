"""Random music: the notes that an instrument of General MIDI plays."""
