import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope.tasks.span_f1 import span_counts, span_f1, spans_of_tags

TAGS = st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b", "B-n.c-d", "I-n.c-d"])
SENTENCES = st.lists(st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=12), min_size=1, max_size=8)


def flat(sentences):
    gold = [gold for sentence in sentences for gold, _ in sentence]
    predicted = [predicted for sentence in sentences for _, predicted in sentence]
    ids = [number for number, sentence in enumerate(sentences) for _ in sentence]
    return gold, predicted, ids


def naive_spans(tags):
    """Every stretch that begins as a span does, goes on in its type, and cannot be made longer."""

    def begins(i):
        kind = tags[i][2:]
        return tags[i][0] == "B" or (tags[i][0] == "I" and (i == 0 or tags[i - 1][2:] != kind))

    spans = set()
    for start in filter(begins, range(len(tags))):
        end = start + 1
        while end < len(tags) and tags[end] == f"I-{tags[start][2:]}":
            end += 1
        spans.add((tags[start][2:], start, end))
    return spans


@given(SENTENCES)
def test_against_a_naive_reference(sentences):
    gold, predicted, ids = flat(sentences)
    expected = []
    for sentence in sentences:
        there, found = (naive_spans([pair[i] for pair in sentence]) for i in (0, 1))
        assert spans_of_tags([pair[0] for pair in sentence]) == there
        expected.append([len(there & found), len(found), len(there)])
    assert span_counts(gold, predicted, ids).tolist() == expected


@given(SENTENCES)
def test_against_seqeval(sentences):
    metrics = pytest.importorskip("seqeval.metrics")
    from seqeval.metrics.sequence_labeling import get_entities

    for sentence in sentences:
        tags = [gold for gold, _ in sentence]
        assert spans_of_tags(tags) == {(kind, first, last + 1) for kind, first, last in get_entities(tags)}
    gold, predicted = ([[pair[i] for pair in sentence] for sentence in sentences] for i in (0, 1))
    expected = metrics.f1_score(gold, predicted, average="micro", zero_division=0)
    found = span_f1(*flat(sentences))
    if any(tag != "O" for sentence in sentences for pair in sentence for tag in pair):
        assert found == pytest.approx(expected)
    else:
        assert math.isnan(found)


def test_known_answers():
    gold = ["B-a", "I-a", "O", "B-b"]
    assert span_f1(gold, gold, [0] * 4) == 1
    assert span_f1(gold, ["O"] * 4, [0] * 4) == 0
    assert span_f1(["O"] * 4, gold, [0] * 4) == 0
    assert span_f1(gold, ["B-a", "O", "O", "B-b"], [0] * 4) == 0.5  # too short a span is no part of one
    assert span_f1(gold, ["B-b", "I-b", "O", "B-b"], [0] * 4) == 0.5  # nor is one of another type
    assert span_f1(gold, ["I-a", "I-a", "O", "I-b"], [0] * 4) == 1


def test_no_span_goes_beyond_its_sentence():
    gold, predicted = ["B-a", "I-a"], ["B-a", "I-a"]
    assert span_counts(gold, predicted, ["s", "s"]).tolist() == [[1, 1, 1]]
    assert span_counts(gold, predicted, ["s", "t"]).tolist() == [[1, 1, 1], [1, 1, 1]]


def test_nothing_to_find_is_undefined():
    assert math.isnan(span_f1(["O"], ["O"], [0]))
    assert math.isnan(span_f1([], [], []))
    assert span_counts([], [], []).shape == (0, 3)


def test_the_order_of_sentences_does_not_matter():
    rng = random.Random(0)
    tags = ["O", "B-a", "I-a", "B-b", "I-b"]
    sentences = [[tuple(rng.choices(tags, k=2)) for _ in range(rng.randint(1, 9))] for _ in range(30)]
    shuffled = rng.sample(sentences, len(sentences))
    assert span_f1(*flat(sentences)) == span_f1(*flat(shuffled))
    assert (
        span_counts(*flat(sentences)).sum(axis=0).tolist()
        == span_counts(*flat(shuffled)).sum(axis=0).tolist()
    )


@pytest.mark.parametrize("tag", ["B", "B-", "E-a", "S-a", "PERSON", "", "o"])
def test_other_tags_are_refused(refusal, tag):
    message = refusal(spans_of_tags, ["O", tag])
    assert "A tag is no BIO tag" in message
    assert "word 2" in message
    assert repr(tag) in message


def test_what_does_not_pair_up_is_refused(refusal):
    assert "shapes (2,), (1,) and (2,)" in refusal(span_f1, ["O", "O"], ["O"], [0, 0])
    assert "shapes (1,), (1,) and (2,)" in refusal(span_counts, ["O"], ["O"], [0, 0])
    assert "one gold tag" in refusal(span_f1, np.full((1, 1), "O"), np.full((1, 1), "O"), np.zeros((1, 1)))


def test_words_out_of_order_are_refused(refusal):
    message = refusal(span_counts, ["O"] * 3, ["O"] * 3, ["s", "t", "s"])
    assert "do not stand together" in message
    assert "'s' in 2 places" in message
