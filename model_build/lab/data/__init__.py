"""The recordings of an experiment: read, filtered and decoded."""
