"""Messages to and commands from the hub; opens no socket."""
