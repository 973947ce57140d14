"""Plainview: public-space video that a city can be held to account for."""

__version__ = "0.1.0"
