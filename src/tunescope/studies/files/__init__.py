"""Study files: YAML that says which models, tasks and settings a study runs with, checked before anything runs."""
