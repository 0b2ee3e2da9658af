"""Pictures of the parts of a spectrogram that speak for a class."""
