"""`timbrel harmonise`: adds a harmony to a melody."""
