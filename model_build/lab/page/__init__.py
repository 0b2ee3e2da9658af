"""The pages of the lab: a page per run, an index that compares runs, and one of the data."""
