"""The page: what is heard, the settings and the health of the daemon, in a browser."""
