"""What the hub is told, when, and what it may set; opens no socket."""
