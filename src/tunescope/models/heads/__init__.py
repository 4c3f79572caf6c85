"""Task heads: what turns the vectors of targets into labels, trained with the encoder and saved beside it."""
