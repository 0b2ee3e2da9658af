"""Which instrument families play: from a window to scores, and from scores to events."""
