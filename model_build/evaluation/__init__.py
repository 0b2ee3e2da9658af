"""How well models hear, in figures."""
