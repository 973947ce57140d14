"""Formats and cryptography of sealing: envelopes, shares, window records, wrapping."""
