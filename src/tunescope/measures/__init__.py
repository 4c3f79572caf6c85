"""Measures: pure functions from arrays to small results. Nothing here imports torch."""
