"""Count minutes of playing and sessions."""
