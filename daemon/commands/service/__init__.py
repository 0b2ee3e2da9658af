"""`timbrel install-service`: install, update and remove the systemd service."""
