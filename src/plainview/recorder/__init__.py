"""One camera's pipeline, its windows and supervision."""
