"""The history file: events, sessions with their summaries, and minutes per day."""
