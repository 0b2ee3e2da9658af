"""Training windows: clips drawn, placed in rooms and turned into patches."""
