"""`timbrel tune`: a tuner for an instrument or a recording."""
