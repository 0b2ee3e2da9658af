"""One module for each `timbrel` command: settings in, exit code out."""
