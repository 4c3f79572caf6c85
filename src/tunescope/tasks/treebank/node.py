"""Constituents that carry their dependency structure: a head word with dependents on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tunescope.tasks.treebank.sentence import TreebankSentence

__all__ = ["Node", "linearise"]

_VOWELS = "aeiou"
_AN_BEFORE = ("hour", "honest", "honor", "heir")
_A_BEFORE = ("uni", "use", "usual", "euro", "one", "once", "ukul")
_AN_NUMBERS = ("8", "11", "18")


@dataclass(frozen=True, slots=True)
class Node:
    """A word and the dependents around it.

    Attributes:
        form: The word as it stands inside a sentence, not capitalised for its start.
        tag: Universal part of speech.
        relation: Relation to the head that the node becomes a dependent of.
        before: Dependents left of the word, in their order.
        after: Dependents right of the word, in their order.
        role: Role of a preposition or possessive.
    """

    form: str
    tag: str
    relation: str = "root"
    before: tuple[Node, ...] = ()
    after: tuple[Node, ...] = ()
    role: str | None = None

    def to(self, relation: str) -> Node:
        """Return the constituent with another relation to its head."""
        return Node(self.form, self.tag, relation, self.before, self.after, self.role)

    def left(self, *nodes: Node) -> Node:
        """Return the constituent with more dependents, in front of all that it has."""
        return Node(self.form, self.tag, self.relation, (*nodes, *self.before), self.after, self.role)

    def right(self, *nodes: Node) -> Node:
        """Return the constituent with more dependents, behind all that it has."""
        return Node(self.form, self.tag, self.relation, self.before, (*self.after, *nodes), self.role)


def linearise(root: Node, *, domain: str, question_type: str | None = None) -> TreebankSentence:
    """Return the sentence of a tree: words in order, ``a`` or ``an`` by sound, the first letter a capital.

    Args:
        root: The whole sentence.
        domain: The sentence's domain.
        question_type: What a question asks for.
    """
    nodes: list[Node] = []
    heads: list[int] = []
    _place(root, nodes, heads)
    words = list(_articles(node.form for node in nodes))
    first = 1 if words[0] == '"' else 0
    words[first] = words[first][0].upper() + words[first][1:]
    return TreebankSentence(
        words=tuple(words),
        tags=tuple(node.tag for node in nodes),
        heads=tuple(heads),
        relations=tuple(n.relation if head else "root" for n, head in zip(nodes, heads, strict=True)),
        roles=tuple(node.role for node in nodes),
        question_type=question_type,
        domain=domain,
    )


def _place(node: Node, nodes: list[Node], heads: list[int]) -> int:
    """Append a constituent's words and return the position of its head word, counted from 1."""
    children = [_place(child, nodes, heads) for child in node.before]
    nodes.append(node)
    heads.append(0)
    position = len(nodes)
    children += [_place(child, nodes, heads) for child in node.after]
    for child in children:
        heads[child - 1] = position
    return position


def _articles(forms: Iterable[str]) -> Iterator[str]:
    previous: str | None = None
    for form in forms:
        if previous is not None:
            yield "an" if previous == "a" and _starts_with_vowel(form) else previous
        previous = form
    if previous is not None:
        yield previous


def _starts_with_vowel(form: str) -> bool:
    form = form.lower()
    if form.startswith(_AN_BEFORE) or form.startswith(_AN_NUMBERS):
        return True
    return form[0] in _VOWELS and not form.startswith(_A_BEFORE)
