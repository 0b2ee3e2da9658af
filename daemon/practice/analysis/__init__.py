"""Run the analysers on sound as it arrives: the same for live sound and for recordings."""
