"""What is odd about the recordings of an experiment: `lab data`."""
