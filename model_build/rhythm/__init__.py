"""Made-up songs with exact beats, and what is fitted to them."""
