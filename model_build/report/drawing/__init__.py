"""Charts and pictures as SVG and HTML, coloured by the page's CSS for light and dark themes."""
