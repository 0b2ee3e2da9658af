"""The genre model: YAMNet's network with its classes of genres only, in int8."""
