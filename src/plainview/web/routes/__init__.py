"""Routes of the web process, one file per question that a page or a tool asks."""
