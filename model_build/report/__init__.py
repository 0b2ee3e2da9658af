"""Reports of a run for people: the HTML page, the model card, text tables."""
