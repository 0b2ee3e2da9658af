"""Parse the containers of sound files: their chunks, pages and frames, to the true end."""
