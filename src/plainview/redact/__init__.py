"""Redaction on arrival: detector, tracker, masks, fill, view encoder. It hides; it identifies nobody."""
