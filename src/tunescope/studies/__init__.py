"""Studies: recipes that turn models, tasks and measures into results."""
