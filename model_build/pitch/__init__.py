"""Fit the voicing of the pitch curve on made-up lines whose pitch is known exactly."""
