"""From frames to a redacted view: detector, tracker, mask, fill, view encoder. Fails closed."""
