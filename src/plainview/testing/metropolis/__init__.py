"""A generated city of 8,100 sources with a year of history, as a real log."""
