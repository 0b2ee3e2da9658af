"""What all measurements of the practice analysers share: recordings, rooms and intervals."""
