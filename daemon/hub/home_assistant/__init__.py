"""Discovery messages and the dashboard, for Home Assistant only."""
