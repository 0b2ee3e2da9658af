"""Recordings at a URL: copied to this machine before they are read."""
