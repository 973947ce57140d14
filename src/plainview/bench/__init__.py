"""Measured figures: one file per bench, each against a baseline that runs in the same call."""
