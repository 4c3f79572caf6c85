"""Training of probes on tensors: the one part of the measures that needs torch."""
