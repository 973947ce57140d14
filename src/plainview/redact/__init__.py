"""Redaction on arrival: detector, tracker, fill, view encoder. It identifies nobody."""
