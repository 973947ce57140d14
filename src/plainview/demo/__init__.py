"""The story: everything on one machine, in six clicks."""
