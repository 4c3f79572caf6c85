"""What the plans of studies are about: the models and tasks of a study file, read once."""
