"""MQTT packets, their size limits, and the socket that carries them."""
