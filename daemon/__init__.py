"""The Timbrel daemon: recognizes the instruments that are played and publishes them over MQTT."""

__version__ = "0.2.0.dev0"
