"""Packs, index, live tail, check. Owns the disk."""
