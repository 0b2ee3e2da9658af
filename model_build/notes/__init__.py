"""Make the note model: made-up pieces with exact labels, the network, and its model file."""
