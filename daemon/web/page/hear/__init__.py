"""Hear a file: an uploaded recording, analysed apart from the live sound and never stored."""
