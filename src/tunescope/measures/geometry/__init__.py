"""The geometry of the labels: their centroids, how far these moved and where they went."""
