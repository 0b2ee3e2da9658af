"""Follow the pitch of one voice: periods, candidates, path, voicing, curve."""
