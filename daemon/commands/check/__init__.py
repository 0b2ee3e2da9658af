"""`timbrel check`: every error and warning of a configuration, and a trial of what it names."""
