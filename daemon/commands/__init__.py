"""One module or folder for each `timbrel` command: settings in, exit code out."""
