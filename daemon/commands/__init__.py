"""The `timbrel` commands, one module or folder each."""
