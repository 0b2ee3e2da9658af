"""Convert a fitted network to int8, and check how far its scores moved."""
