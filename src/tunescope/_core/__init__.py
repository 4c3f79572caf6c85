"""Foundations that every other package may use: errors, records, files, seeds, provenance, progress."""
