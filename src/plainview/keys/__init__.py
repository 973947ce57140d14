"""Protocol and client of the keeper."""
