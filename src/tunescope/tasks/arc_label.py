"""The arc from a word to its head, written as one label such as ``3:nsubj``."""

from __future__ import annotations

from tunescope._core.errors import InputError

__all__ = ["arc_label", "parse_arc", "universal_relation"]


def arc_label(head: int, relation: str) -> str:
    """Return a head and a relation as one label.

    Args:
        head: The head's number among the words of its sentence, counted from 1, and 0 for the root.
        relation: The relation to it.

    Returns:
        The two with a colon between them; :func:`parse_arc` takes them apart again.

    Raises:
        InputError: The head is below 0, or the relation is empty.

    >>> arc_label(3, "nsubj"), arc_label(0, "root")
    ('3:nsubj', '0:root')
    """
    if head < 0:
        raise InputError("A head is no word.", where="head", expected="0 (the root) or more", got=head)
    if not relation:
        raise InputError("A relation is empty.", where="relation", expected="a relation such as 'nsubj'")
    return f"{head}:{relation}"


def parse_arc(label: str) -> tuple[int, str]:
    """Return the head and the relation that a label holds.

    Args:
        label: The head's number, a colon, and the relation, which may hold colons of its own.

    Returns:
        The head, counted from 1 and 0 for the root, and the relation.

    Raises:
        InputError: The label is not of that form.

    >>> parse_arc("3:nsubj"), parse_arc("12:nsubj:pass")
    ((3, 'nsubj'), (12, 'nsubj:pass'))
    """
    head, _, relation = label.partition(":")
    if not (head.isascii() and head.isdecimal() and len(head) < 10 and relation):
        raise InputError(
            "A label names no arc to a head.",
            where="label",
            expected="the head's number, a colon and the relation, such as '3:nsubj' or '0:root'",
            got=repr(label),
        )
    return int(head), relation


def universal_relation(relation: str) -> str:
    """Return a relation without the subtype that a language adds to it.

    Args:
        relation: A relation of Universal Dependencies, such as ``nsubj:pass``.

    Returns:
        What stands before the first colon, one of the relations that all languages share.

    >>> universal_relation("nsubj:pass"), universal_relation("obj")
    ('nsubj', 'obj')
    """
    return relation.partition(":")[0]
