"""`timbrel demo`: recognize the instruments of a bundled medley, on one screen."""
