"""Representations: the vectors of every target at every layer, on disk and as labelled arrays."""
