"""Facts of one text can be told apart, and share enough that one has to."""

from __future__ import annotations

import itertools

import pytest

from tunescope._core.seeds import make_rng
from tunescope.tasks.treebank.draw import Draw, vocabulary
from tunescope.tasks.treebank.facts import SLOTS, draw_facts, is_counted
from tunescope.tasks.treebank.node import Node


@pytest.fixture(scope="module")
def texts():
    g = Draw(make_rng(0, "test"), vocabulary(0, 0.5), 0.3)
    return [draw_facts(g) for _ in range(200)]


def named(fact):
    return [fact.subject.node, *fact.parts.values()]


def nouns(node):
    own = [node.form.lower()] if node.tag in ("NOUN", "PROPN") else []
    return own + [noun for child in (*node.before, *node.after) for noun in nouns(child)]


def test_what_facts_name_is_the_same_or_has_no_noun_in_common(texts):
    for facts in texts:
        for first, second in itertools.combinations({n for fact in facts for n in named(fact)}, 2):
            shared = set(nouns(first)) & set(nouns(second))
            assert not shared, (first, second)


def test_every_fact_tells_what_it_has_to_and_something_at_least(texts):
    for fact in itertools.chain(*texts):
        assert list(fact.parts) == [slot for slot in SLOTS if slot in fact.parts]
        assert set(fact.frame.always) <= set(fact.parts)
        assert set(fact.parts) - {"particle"}
        assert ("object" in fact.parts) == bool(fact.frame.object)
        assert fact.verb == " ".join(
            [fact.lemma, *([fact.parts["particle"].form] if " " in fact.verb else [])]
        )
        assert fact.has_passive <= ("object" in fact.parts)
        assert "object" in fact.always


def test_facts_of_a_text_share_verbs_subjects_places_and_times(texts):
    assert {len(facts) for facts in texts} == {3, 4, 5}
    shared = {"verb": 0, "subject": 0, "place": 0, "time": 0}
    for facts in texts:
        for first, second in itertools.combinations(facts, 2):
            shared["verb"] += first.verb == second.verb
            shared["subject"] += first.subject == second.subject
            for slot in ("place", "time"):
                shared[slot] += slot in first.parts and first.parts[slot] == second.parts.get(slot)
    assert min(shared.values()) > 20, shared
    assert {slot for facts in texts for fact in facts for slot in fact.parts} == {*SLOTS} - {"subject"}


def test_what_is_counted():
    two = Node("two", "NUM", "nummod")
    assert is_counted(Node("lamps", "NOUN", before=(two, Node("old", "ADJ", "amod"))))
    assert not is_counted(Node("lamp", "NOUN", before=(Node("the", "DET", "det"),)))
    assert not is_counted(Node("$", "SYM", after=(two,)))
