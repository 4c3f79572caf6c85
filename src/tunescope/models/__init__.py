"""Pre-trained transformers: loading, word-to-subword alignment, pooling, heads."""
