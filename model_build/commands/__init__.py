"""The commands of `timbrel-build`: the arguments of each, unpacked into one call of a stage."""
