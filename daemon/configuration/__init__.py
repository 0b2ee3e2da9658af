"""Read the settings file, and the files that it names, into typed settings."""
