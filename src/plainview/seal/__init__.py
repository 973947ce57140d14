"""Formats and cryptography of sealing: windows, shares, segments, views. Knows no log."""
