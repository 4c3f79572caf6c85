"""Labelled text: examples, tasks, one reader per format, and a generator of English treebanks."""
