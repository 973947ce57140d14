"""Upgrades of looks.db."""
