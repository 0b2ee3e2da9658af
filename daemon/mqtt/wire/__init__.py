"""What goes over the wire: packets, their limits, and the socket that carries them."""
