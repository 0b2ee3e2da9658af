"""A day of sound in minutes, or some minutes in real time, through the loop of `timbrel run`."""
