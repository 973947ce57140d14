"""How much of what must be hidden is hidden: data sets with truth, measuring, contact sheets."""
