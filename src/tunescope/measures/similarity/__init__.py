"""Similarity of two representations of the same targets: RSA, CKA, Procrustes, neighbourhoods; anisotropy of one."""
