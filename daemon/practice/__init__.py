"""What was practised: minutes and sessions."""
