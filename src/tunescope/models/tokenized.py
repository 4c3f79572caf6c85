"""Tokenised examples: flat arrays of subwords, and where each target's subwords are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

__all__ = ["TokenizedExamples"]


@dataclass(frozen=True)
class TokenizedExamples:
    """Sequences of subwords, and the positions whose vectors make up each target.

    Sequences lie one after another in flat arrays; sequence ``i`` is ``[offsets[i], offsets[i + 1])``.
    A target has one part, or two for a pair; its vector is the concatenation of its parts' means.

    Attributes:
        input_ids: Subword ids of all sequences.
        token_type_ids: 0 for the first text, 1 for the second; ``None`` where the model has none.
        offsets: Where each sequence starts, and at the end where the last one ends.
        part_sequence: The sequence of each target's parts.
        part_start: First position of each part in its sequence.
        part_end: Position after the last of each part.
    """

    input_ids: Int[np.ndarray, " position"]
    token_type_ids: Int[np.ndarray, " position"] | None
    offsets: Int[np.ndarray, " sequence_and_end"]
    part_sequence: Int[np.ndarray, "target part"]
    part_start: Int[np.ndarray, "target part"]
    part_end: Int[np.ndarray, "target part"]

    @property
    def lengths(self) -> Int[np.ndarray, " sequence"]:
        """Subwords of each sequence, special tokens included."""
        return np.diff(self.offsets)

    @property
    def n_targets(self) -> int:
        """Number of targets."""
        return len(self.part_start)
