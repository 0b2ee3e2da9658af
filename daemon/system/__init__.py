"""Interfaces to the machine: service manager, state directory, logs, signals, memory."""
