"""Single words as tree nodes, and the words that every construction needs."""

from __future__ import annotations

from tunescope.tasks.treebank.node import Node

__all__ = [
    "adposition",
    "adverb",
    "and_",
    "cardinal",
    "comma",
    "final",
    "fixed",
    "infinitive_marker",
    "mark",
    "word",
]

_CARDINALS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]


def word(form: str, tag: str, relation: str = "root", role: str | None = None) -> Node:
    """Return a node without dependents."""
    return Node(form, tag, relation, role=role)


def adverb(form: str) -> Node:
    """Return an adverbial modifier."""
    return Node(form, "ADV", "advmod")


def adposition(form: str, role: str | None) -> Node:
    """Return a preposition (or the possessive clitic's relation, ``case``) with its role."""
    return Node(form, "ADP", "case", role=role)


def mark(form: str) -> Node:
    """Return a subordinating conjunction."""
    return Node(form, "SCONJ", "mark")


def infinitive_marker() -> Node:
    """Return the ``to`` of an infinitive."""
    return Node("to", "PART", "mark")


def and_(form: str = "and") -> Node:
    """Return a coordinating conjunction."""
    return Node(form, "CCONJ", "cc")


def comma() -> Node:
    """Return a comma."""
    return Node(",", "PUNCT", "punct")


def final(form: str = ".") -> Node:
    """Return the punctuation at the end of a sentence."""
    return Node(form, "PUNCT", "punct")


def cardinal(number: int) -> str:
    """Return a number as prose writes it.

    >>> cardinal(3), cardinal(40)
    ('three', '40')
    """
    return _CARDINALS[number] if number < len(_CARDINALS) else str(number)


def fixed(first: str, second: str, tag: str, second_tag: str, relation: str, role: str | None = None) -> Node:
    """Return an expression of two words that works as one, such as ``because of``."""
    return Node(first, tag, relation, after=(Node(second, second_tag, "fixed"),), role=role)
