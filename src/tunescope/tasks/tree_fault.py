"""Whether the heads of a sentence's words make a tree, and if not, which word is at fault."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

__all__ = ["TreeFault", "find_tree_fault"]


@dataclass(frozen=True, slots=True)
class TreeFault:
    """Why heads make no tree.

    Attributes:
        what: A sentence that says what is wrong.
        word: A word at fault, counted from 0; for a cycle, one that lies on it.
    """

    what: str
    word: int = 0


def find_tree_fault(heads: Int[np.ndarray, " word"]) -> TreeFault | None:
    """Return why the heads make no tree, or None if they do.

    Args:
        heads: Shape (word,); the head of each word, counted from 1, and 0 for the root, as in CoNLL-U.

    >>> find_tree_fault(np.array([2, 0, 2])) is None
    True
    >>> find_tree_fault(np.array([2, 1, 0]))
    TreeFault(what='Words are heads of one another in a circle.', word=0)
    """
    if not len(heads):
        return TreeFault("A tree has no word.")
    outside = np.flatnonzero((heads < 0) | (heads > len(heads)))
    if len(outside):
        return TreeFault("A head is no word of its sentence.", int(outside[0]))
    roots = np.flatnonzero(heads == 0)
    if len(roots) == 0:
        return TreeFault("A tree has no root.")
    if len(roots) > 1:
        return TreeFault("A tree has more than one root.", int(roots[1]))
    head_of = np.concatenate([[0], heads])
    ancestor = heads
    for _ in range(len(heads)):
        ancestor = head_of[ancestor]
    on_circle = ancestor[ancestor > 0]  # whoever still climbs after so many steps goes in a circle
    return (
        TreeFault("Words are heads of one another in a circle.", int(on_circle.min()) - 1)
        if len(on_circle)
        else None
    )
