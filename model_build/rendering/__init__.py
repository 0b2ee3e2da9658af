"""Sound made by programs: instruments, voices and household noise."""
