"""Cases, requests, approvals: a state machine with no key material."""
