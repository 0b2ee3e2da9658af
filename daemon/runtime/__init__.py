"""Everything wired together, and the loop that runs it."""
