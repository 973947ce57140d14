"""Custodian's and requester's tools: the only code that opens an original."""
