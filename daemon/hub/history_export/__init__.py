"""The history as JSON objects, CSV, a calendar and lines for people."""
