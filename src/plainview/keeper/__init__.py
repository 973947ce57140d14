"""The trust kernel: alone reads the keys and writes the log; believes signatures and the log."""
