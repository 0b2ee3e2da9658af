"""Readers of labelled recordings: one per layout, all with the same result."""

from model_build.corpus.formats.labelled import Example, Labelled, Left

__all__ = ["Example", "Labelled", "Left"]
