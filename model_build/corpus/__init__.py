"""Recordings and what sounds in them."""
