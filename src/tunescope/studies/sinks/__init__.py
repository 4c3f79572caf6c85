"""Where the figures of a finished study go besides its folder: experiment trackers."""
