"""What the page shows live: from observations and the board to the browsers that watch."""
