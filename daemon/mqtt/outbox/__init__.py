"""Events that the broker has not accepted yet, kept on disk."""
