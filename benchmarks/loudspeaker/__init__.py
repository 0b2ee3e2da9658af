"""Measures how well a small loudspeaker in a room can be told from a live instrument."""
