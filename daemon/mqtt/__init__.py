"""The connection to the broker, and everything that can go wrong with it."""
