"""Verifies log, package, seal and gate history, with nothing but formats."""
