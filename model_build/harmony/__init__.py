"""The harmoniser's network: chorales, a baseline, the fit, and figures."""
