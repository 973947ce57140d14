"""The trust kernel: key store and log writer."""
