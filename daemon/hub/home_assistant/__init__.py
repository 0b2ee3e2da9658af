"""What is made for Home Assistant alone: discovery messages and the dashboard."""
