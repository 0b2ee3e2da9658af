"""YAML as typed structs; every error names its line, its key and the remedy."""
