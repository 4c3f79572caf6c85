"""The parts of a comparison: each turns vectors or weights into measurements."""
