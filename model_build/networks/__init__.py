"""The networks, and what they learn from."""
