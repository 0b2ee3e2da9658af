"""The settings file and the files that it names: text in, typed settings out."""
