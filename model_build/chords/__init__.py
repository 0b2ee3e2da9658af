"""The chord network and the confidence of a key: songs with known harmony, fit and figures."""
