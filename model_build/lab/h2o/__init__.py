"""Import experiments of H2O Hydrogen Torch."""
