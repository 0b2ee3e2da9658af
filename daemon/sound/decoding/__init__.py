"""Decode files and streams to samples, partly in a child process."""
