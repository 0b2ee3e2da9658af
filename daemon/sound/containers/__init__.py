"""What a sound file consists of: its chunks, pages and frames, read to their end."""
