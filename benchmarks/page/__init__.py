"""What the page costs: the daemon, the first paint, the history, and the browser after a day."""
