"""How long music plays until its MQTT message arrives, live and in replay."""
