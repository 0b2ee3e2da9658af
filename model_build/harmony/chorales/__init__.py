"""The chorales of a run, and what must not be among them."""
