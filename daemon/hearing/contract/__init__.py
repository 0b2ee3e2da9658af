"""How a model file states what it needs: reading it, and the names of outputs."""
