"""Find the beats of music in the log-mel frames that the family network already uses."""
