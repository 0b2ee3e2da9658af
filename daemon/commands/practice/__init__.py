"""`timbrel practice`: what was played in a recording, as text, JSON or one HTML page."""
