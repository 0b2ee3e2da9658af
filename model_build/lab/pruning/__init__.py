"""Make a trained network smaller, and measure what that saves and costs."""
