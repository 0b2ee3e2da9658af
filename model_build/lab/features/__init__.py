"""What the models get of the sound: chunks of frames, computed once and kept on disk."""
