"""The sections of the page; each module returns one, or None if its data are missing."""
