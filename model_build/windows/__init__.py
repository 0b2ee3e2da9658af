"""The windows that a network is trained on, and a day of sound to measure with."""
