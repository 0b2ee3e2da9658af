"""Files of the state directory and of the user: private, bounded, and replaced as a whole."""
