"""The figures of the note model, and of other programs on the same sound."""
