"""Weights: how far they moved from where they started."""
