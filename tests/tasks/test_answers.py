import re
import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.tasks.answers import Answers, answer_f1, exact_match, normalise_answer

TEXTS = st.text(alphabet="aAnthe cat.,-'’–\t\n", max_size=20)


def naive_words(text):
    """The four steps one after another, a character or a word at a time."""
    lower = text.lower()
    plain = "".join(character for character in lower if character not in set(string.punctuation))
    pieces = re.split(r"(\w+)", plain)  # every second piece is a word
    without_articles = "".join(" " if piece in ("a", "an", "the") else piece for piece in pieces)
    return without_articles.split()


def naive_f1(gold, predicted):
    gold, predicted = naive_words(gold), naive_words(predicted)
    shared = sum(min(gold.count(word), predicted.count(word)) for word in set(gold))
    if not gold or not predicted:
        return float(gold == predicted)
    if not shared:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(gold)
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat", "cat"),
        ("  a  cat \n and an  OWL ", "cat and owl"),
        ("the U.S. Army's", "us armys"),
        ("Theatre another Anna", "theatre another anna"),
        ("$1,000.50", "100050"),
        ("mother-in-law", "motherinlaw"),
        ("the–cat", "–cat"),  # a dash that is no ASCII punctuation stays, and ends a word
        ("A.", ""),
        ("a-the", "athe"),  # punctuation goes first
        ("", ""),
    ],
)
def test_what_counts_of_an_answer(text, expected):
    assert normalise_answer(text) == expected


@pytest.mark.parametrize(
    ("golds", "predicted", "match", "f1"),
    [
        (["Denver Broncos"], "the Denver Broncos!", 1, 1),
        (["Denver Broncos"], "Broncos", 0, 2 / 3),
        (["Denver Broncos"], "Carolina Panthers", 0, 0),
        (["on 7 May", "7 May"], "7 May", 1, 1),
        (["on 7 May", "May 1915"], "7 May", 0, 4 / 5),
        (["to be or not to be"], "to be", 0, 1 / 2),
        (["to be"], "to be or not to be", 0, 1 / 2),
        (["to be"], "to to to", 0, 2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2)),
        (["Denver Broncos"], "", 0, 0),
        ([""], "", 1, 1),
        ([""], "Broncos", 0, 0),
        (["the"], "a", 1, 1),  # nothing is left of either
    ],
)
def test_known_scores(golds, predicted, match, f1):
    assert exact_match(golds, predicted) == match
    assert answer_f1(golds, predicted) == pytest.approx(f1)


@given(st.lists(TEXTS, min_size=1, max_size=3), TEXTS)
def test_against_a_naive_reference(golds, predicted):
    assert exact_match(golds, predicted) == max(naive_words(gold) == naive_words(predicted) for gold in golds)
    assert answer_f1(golds, predicted) == pytest.approx(max(naive_f1(gold, predicted) for gold in golds))


@given(TEXTS, TEXTS)
def test_invariances(first, second):
    assert answer_f1([first], second) == answer_f1([second], first)
    assert exact_match([first], first) == answer_f1([first], first) == 1
    assert exact_match([first], second) <= answer_f1([first], second) <= 1
    assert normalise_answer(normalise_answer(first)) == normalise_answer(first)
    shared = Counter(normalise_answer(first).split()) & Counter(normalise_answer(second).split())
    if shared:
        assert answer_f1([first], second) > 0


def test_places_go_with_answers():
    assert Answers(("a", "b"), (0, 3)) == Answers(("a", "b"), (0, 3))
    assert hash(Answers(("a",), (0,))) == hash(Answers(("a",), (0,)))
    for texts, starts in (((), ()), (("a",), ()), (("a",), (0, 1))):
        with pytest.raises(InputError, match="do not pair up"):
            Answers(texts, starts)


@pytest.mark.parametrize("score", [exact_match, answer_f1])
@pytest.mark.parametrize("golds", [[], (), "cat"])
def test_there_must_be_a_right_answer(score, golds, refusal):
    assert "no list of right answers" in refusal(score, golds, "cat")
