"""How experiments are validated: folds, and the figures of scores."""
