"""`timbrel check`: report the errors and warnings of a configuration, and try it if requested."""
