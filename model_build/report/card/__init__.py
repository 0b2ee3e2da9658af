"""The parts of the model card, each as Markdown."""
