"""Heads on frozen features: the pre-trained model is run once, and only what stands on top of it is trained."""
