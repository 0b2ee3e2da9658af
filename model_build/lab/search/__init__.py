"""Search for the best values of keys of an experiment."""
