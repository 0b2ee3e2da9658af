"""The practice companion for the hub: its messages, and its settings."""
