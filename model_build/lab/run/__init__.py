"""Run an experiment: folds, figures, and the files of the run."""
