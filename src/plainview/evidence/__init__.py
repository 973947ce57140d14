"""Writes evidence packages."""
