"""The daemon: hears a room, decides which instrument families play, and tells the hub."""

__version__ = "0.2.0.dev0"
