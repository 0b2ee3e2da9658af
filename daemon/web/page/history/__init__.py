"""What was played: the history file on the page, its exports and deletions."""
