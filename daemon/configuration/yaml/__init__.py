"""Read YAML into typed structs; every error names the line, the key and the remedy."""
