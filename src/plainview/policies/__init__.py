"""Who may do what: Cedar policies that a lawyer reads, and the invariants that no policy lifts."""
