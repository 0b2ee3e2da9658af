"""`timbrel demo`: the bundled medley, heard and shown on one screen."""
