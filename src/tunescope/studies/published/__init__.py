"""Numbers that the papers report, and how ours are set beside them."""
