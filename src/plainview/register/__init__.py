"""Cameras, legal basis, people, roles and their history; the gate."""
