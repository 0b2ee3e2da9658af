"""The models of the lab, and how they are fitted."""
