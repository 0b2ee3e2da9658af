"""What each part of an experiment contributes: the experiment without it, on the same folds."""
