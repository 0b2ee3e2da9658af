"""The machine around the daemon: service manager, state directory, logs, signals, memory."""
