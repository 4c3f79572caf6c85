"""Sentences are distinct, well formed, deterministic, and hard enough."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.tasks.treebank import TreebankSentence, generate_sentences, generate_splits
from tunescope.tasks.treebank.generation import DOMAINS

_UPOS_TAGS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"
UPOS = set(_UPOS_TAGS.split())
_UNIVERSAL_RELATIONS = """acl advcl advmod amod appos aux case cc ccomp compound conj cop csubj det discourse expl fixed
    flat iobj mark nmod nsubj nummod obj obl parataxis punct root xcomp"""
RELATIONS = set(_UNIVERSAL_RELATIONS.split())


def most_frequent_tag_accuracy(train: Sequence[TreebankSentence], test: Sequence[TreebankSentence]) -> float:
    """Return the accuracy on ``test``; forms are lowercased, unknown ones get the most frequent tag of all."""
    tags_of: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word, tag in _tagged(train):
        tags_of[word][tag] += 1
    overall = Counter(tag for _, tag in _tagged(train)).most_common(1)[0][0]
    best = {word: counts.most_common(1)[0][0] for word, counts in tags_of.items()}
    right = [best.get(word, overall) == tag for word, tag in _tagged(test)]
    return sum(right) / len(right)


def _tagged(sentences: Sequence[TreebankSentence]) -> list[tuple[str, str]]:
    return [(word.lower(), tag) for s in sentences for word, tag in zip(s.words, s.tags, strict=True)]


def assert_well_formed(sentence):
    n = len(sentence.words)
    for column in (sentence.tags, sentence.heads, sentence.relations, sentence.roles):
        assert len(column) == n
    assert set(sentence.tags) <= UPOS
    assert {relation.partition(":")[0] for relation in sentence.relations} <= RELATIONS
    assert sum(head == 0 for head in sentence.heads) == 1
    assert all(0 <= head <= n for head in sentence.heads)
    for position in range(1, n + 1):
        steps, here = 0, position
        while here:
            here, steps = sentence.heads[here - 1], steps + 1
            assert steps <= n, "a cycle"
    for tag, head, relation, role, form in zip(
        sentence.tags, sentence.heads, sentence.relations, sentence.roles, sentence.words, strict=True
    ):
        assert (relation == "root") == (head == 0)
        assert (tag == "PUNCT") == (relation == "punct")
        assert role is None or (role.startswith("p.") and relation in ("case", "nmod:poss"))
        assert form
        assert " " not in form
    assert_projective(sentence)


def assert_projective(sentence):
    arcs = [sorted((head, position)) for position, head in enumerate(sentence.heads, start=1) if head]
    for left, right in arcs:
        assert not any(left < a < right < b for a, b in arcs), sentence.text


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**31),
    domain=st.sampled_from(DOMAINS),
    contents=st.sampled_from(["mixed", "questions"]),
)
def test_every_sentence_is_a_tree(seed, domain, contents):
    for sentence in generate_sentences(30, seed=seed, domain=domain, contents=contents):
        assert_well_formed(sentence)
        assert sentence.domain == domain
        assert sentence.question_type is None or sentence.words[-1] == "?"
        assert sentence.question_type is not None or contents == "mixed"


def test_default_sets_are_distinct_and_large_enough(splits):
    texts = [sentence.text.lower() for sentences in splits.values() for sentence in sentences]
    assert len(texts) == len(set(texts)) >= 2000
    for sentences in splits.values():
        for sentence in sentences:
            assert_well_formed(sentence)


def test_same_seed_gives_the_same_and_another_seed_others():
    first, again, other = (generate_sentences(200, seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert len({s.text for s in first} & {s.text for s in other}) < 10


def test_sets_do_not_depend_on_each_others_size_in_training():
    small = generate_splits({"train": 40, "test": 5}, seed=1)
    large = generate_splits({"train": 80, "test": 5}, seed=1)
    assert large["train"][:40] == small["train"]


def test_two_thousand_sentences_take_no_time():
    start = time.perf_counter()
    generate_sentences(2000, seed=11)
    assert time.perf_counter() - start < 2


def test_sentences_look_like_sentences(splits):
    for sentences in splits.values():
        for sentence in sentences:
            first = next(c for c in sentence.text if c != '"')
            assert not first.islower(), sentence.text
            assert sentence.text[-1] in ".?!"
            assert "  " not in sentence.text
            assert " ," not in sentence.text
    assert 9.5 <= np.mean([len(s.words) for s in splits["train"]]) <= 14


def test_articles_agree_with_the_next_sound(splits):
    for sentence in splits["train"] + splits["reviews"]:
        for word, following in zip(sentence.words, sentence.words[1:], strict=False):
            if word in ("a", "an") and following.lower()[:3] not in (
                "uni",
                "use",
                "hou",
                "hon",
                "one",
                "usu",
                "euro",
            ):
                assert (word == "an") == (
                    following[0].lower() in "aeiou" or following in ("8", "11", "18")
                ), sentence.text


@pytest.mark.parametrize(("singular", "plural"), [("he", "they"), ("she", "they"), ("she", "we")])
def test_verbs_agree_with_pronouns(splits, singular, plural):
    found = Counter()
    for sentence in splits["train"]:
        for position, (word, tag) in enumerate(zip(sentence.words, sentence.tags, strict=True), start=1):
            if tag != "AUX" or word not in ("is", "are", "was", "were", "has", "have"):
                continue
            head = sentence.heads[position - 1]
            subjects = [
                w.lower()
                for w, h, r in zip(sentence.words, sentence.heads, sentence.relations, strict=True)
                if h == head and r.startswith("nsubj")
            ]
            if word in ("is", "was", "has"):
                assert plural not in subjects, sentence.text
            elif singular in subjects and "have" not in word:
                pytest.fail(sentence.text)
            found[word] += 1
    assert found["is"] > 0
    assert found["are"] > 0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_dictionary_of_tags_is_not_enough(seed):
    splits = generate_splits({"train": 1200, "test": 500}, seed=seed)
    assert most_frequent_tag_accuracy(splits["train"], splits["test"]) <= 0.85


def test_words_are_ambiguous_and_kept_back(splits):
    tags_of = defaultdict(set)
    for sentence in splits["train"]:
        for word, tag in zip(sentence.words, sentence.tags, strict=True):
            tags_of[word.lower()].add(tag)
    assert tags_of["to"] == {"ADP", "PART"}
    assert tags_of["that"] == {"DET", "PRON", "SCONJ"}
    assert tags_of["like"] >= {"ADP", "SCONJ", "VERB"}
    assert tags_of["may"] == {"AUX", "PROPN"}
    assert {"ADP", "SCONJ"} <= tags_of["before"]
    assert sum(len(tags) > 1 for tags in tags_of.values()) > 60
    unknown = [w for s in splits["test"] for w in s.words if w.lower() not in tags_of]
    assert len(unknown) > 0.1 * sum(len(s.words) for s in splits["test"])


def test_prepositions_have_roles_by_context(splits):
    roles_of = defaultdict(Counter)
    for sentence in splits["train"]:
        for word, role in zip(sentence.words, sentence.roles, strict=True):
            if role is not None:
                roles_of[word.lower()][role] += 1
    assert roles_of["on"].keys() >= {"p.Time", "p.Locus", "p.Topic", "p.Goal"}
    assert roles_of["with"].keys() >= {"p.Instrument", "p.Accompanier", "p.Manner", "p.Characteristic"}
    assert roles_of["for"].keys() >= {"p.Duration", "p.Beneficiary", "p.Purpose", "p.Cost", "p.Theme"}
    assert roles_of["by"].keys() >= {"p.Agent", "p.Means", "p.Time", "p.Locus", "p.Extent"}
    assert roles_of["'s"].keys() >= {"p.Possessor", "p.SocialRel"}


def test_other_sets_have_no_labels_that_training_lacks():
    splits = generate_splits({"train": 60, "dev": 40, "test": 40}, seed=5)
    for column in ("tags", "relations", "roles"):
        known = {label for s in splits["train"] for label in getattr(s, column)}
        for name in ("dev", "test"):
            assert {label for s in splits[name] for label in getattr(s, column)} <= known


def test_refuses_what_it_cannot_do():
    with pytest.raises(InputError, match="no such domain"):
        generate_sentences(1, seed=0, domain="poems")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no such contents"):
        generate_sentences(1, seed=0, contents="answers")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="negative"):
        generate_sentences(-1, seed=0)
    with pytest.raises(InputError, match="no such domain"):
        generate_splits({"train": 1, "poems": 1}, seed=0)
    assert generate_sentences(0, seed=0) == ()


def test_an_impossible_number_is_refused(monkeypatch):
    monkeypatch.setattr("tunescope.tasks.treebank.generation._LONGEST", 0)
    monkeypatch.setattr("tunescope.tasks.treebank.generation._MAX_ATTEMPTS", 2)
    with pytest.raises(InputError, match="not so many"):
        generate_sentences(3, seed=0)
