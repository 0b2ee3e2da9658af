"""`timbrel-build lab serve`: the pages of a folder of runs, with live curves."""
