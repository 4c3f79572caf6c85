from __future__ import annotations

import math

import numpy as np
import pytest

from tunescope._core.errors import InputError
from tunescope.measures.scores import score_difference, score_estimate
from tunescope.measures.span_scores import f1_of_counts, span_f1_difference, span_f1_estimate
from tunescope.tasks.span_f1 import span_counts, span_f1

TAGS = np.array(["O", "B-a", "I-a", "B-b"])


def _tagged(rng: np.random.Generator, n_sentences: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return gold tags, tags of which a third are wrong, and the sentence of each word."""
    ids = np.repeat(np.arange(n_sentences), rng.integers(1, 12, n_sentences))
    gold = rng.choice(TAGS, len(ids))
    return gold, np.where(rng.random(len(ids)) < 0.3, rng.choice(TAGS, len(ids)), gold), ids


def test_f1_is_that_of_the_tags(rng: np.random.Generator) -> None:
    gold, predicted, ids = _tagged(rng)
    assert f1_of_counts(span_counts(gold, predicted, ids)) == pytest.approx(span_f1(gold, predicted, ids))


def test_the_estimate_is_what_the_general_one_gives_on_the_tags(rng: np.random.Generator) -> None:
    gold, predicted, ids = _tagged(rng)

    def metric(right: np.ndarray, guess: np.ndarray) -> float:
        # The general estimate hands over no sentence ids: an O at each end keeps the sentences apart.
        return span_f1(right, guess, np.zeros(len(right)))

    apart = np.concatenate([[True], ids[1:] != ids[:-1]])
    places = np.flatnonzero(apart)
    with_borders = [np.insert(values, places, "O") for values in (gold, predicted)]
    general = score_estimate(
        metric, *with_borders, np.insert(ids, places, ids[places]), rng=np.random.default_rng(5)
    )
    estimate = span_f1_estimate(span_counts(gold, predicted, ids), rng=np.random.default_rng(5))
    assert estimate.value == pytest.approx(general.value)
    assert (estimate.low, estimate.high) == (pytest.approx(general.low), pytest.approx(general.high))
    assert estimate.n_sentences == general.n_sentences == 40
    assert estimate.n_examples == sum(tag[0] == "B" for tag in gold) + _loose(gold, ids)


def _loose(tags: np.ndarray, ids: np.ndarray) -> int:
    """Return how many spans begin with I-."""
    before = ["O", *tags[:-1]]
    same = [False, *(ids[1:] == ids[:-1])]
    return sum(
        tag == "I-a" and not (near and previous[2:] == "a")
        for tag, previous, near in zip(tags, before, same, strict=True)
    )


def test_the_difference_is_paired(rng: np.random.Generator) -> None:
    gold, a, ids = _tagged(rng, 200)
    b = a.copy()
    better = rng.random(len(b)) < 0.2
    b[better] = gold[better]
    counts_a, counts_b = span_counts(gold, a, ids), span_counts(gold, b, ids)
    difference = span_f1_difference(counts_a, counts_b, rng=np.random.default_rng(0))
    assert difference.value == pytest.approx(span_f1(gold, b, ids) - span_f1(gold, a, ids))
    assert 0 < difference.low < difference.value < difference.high
    alone = [span_f1_estimate(counts, rng=np.random.default_rng(0)) for counts in (counts_a, counts_b)]
    assert difference.high - difference.low < sum(each.high - each.low for each in alone) / 2
    back = span_f1_difference(counts_b, counts_a, rng=np.random.default_rng(0))
    assert back.value == -difference.value
    assert (back.low, back.high) == (pytest.approx(-difference.high), pytest.approx(-difference.low))


def test_one_sentence_spans_of_one_word_agree_with_accuracy_like_scores(rng: np.random.Generator) -> None:
    """Where every word is a span of one word, F1 is accuracy, and so is the interval of the difference."""
    gold, a, b = (rng.choice(["B-a", "B-b"], 60) for _ in range(3))
    ids = np.arange(60)
    difference = span_f1_difference(
        span_counts(gold, a, ids), span_counts(gold, b, ids), rng=np.random.default_rng(1)
    )
    general = score_difference(
        lambda x, y: float(np.mean(x == y)), gold, a, b, ids, rng=np.random.default_rng(1)
    )
    assert difference.value == pytest.approx(general.value)
    assert (difference.low, difference.high) == (pytest.approx(general.low), pytest.approx(general.high))


def test_intervals_cover(rng: np.random.Generator) -> None:
    """Of 95 % intervals on samples of sentences, about 95 % contain F1 of the whole."""
    everything = span_counts(*_tagged(rng, 5000))
    truth = f1_of_counts(everything)
    hits = []
    for _ in range(200):
        sample = everything[rng.choice(len(everything), 60, replace=False)]
        estimate = span_f1_estimate(sample, rng=rng)
        hits.append(estimate.low <= truth <= estimate.high)
    assert 0.9 <= np.mean(hits) <= 0.995


def test_a_perfect_score_leaves_uncertainty() -> None:
    estimate = span_f1_estimate(np.ones((20, 3), dtype=int), rng=np.random.default_rng(0))
    assert estimate.value == estimate.high == 1
    assert 0.7 < estimate.low < 0.95


def test_no_spans_are_undefined() -> None:
    nothing = np.zeros((10, 3), dtype=int)
    estimate = span_f1_estimate(nothing, rng=np.random.default_rng(0))
    assert math.isnan(estimate.value)
    assert math.isnan(estimate.low)
    assert estimate.status == "undefined: there are no spans"
    found = nothing.copy()
    found[:, 1] = 1
    difference = span_f1_difference(nothing, found, rng=np.random.default_rng(0))
    assert math.isnan(difference.value)
    assert "no spans" in difference.status
    assert math.isnan(span_f1_estimate(np.zeros((0, 3), dtype=int), rng=np.random.default_rng(0)).value)


def test_one_sentence_has_no_interval() -> None:
    estimate = span_f1_estimate(np.array([[1, 2, 2]]), rng=np.random.default_rng(0))
    assert estimate.value == 0.5
    assert not estimate.has_interval
    assert "1 sentences" in estimate.status


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.zeros((3, 2), dtype=int), "shape \\(3, 2\\)"),
        (np.zeros((3, 3)), "dtype float64"),
        (np.array([[0, 0, 0], [2, 1, 3]]), "row 1"),
        (np.array([[0, 0, -1]]), "impossible counts"),
    ],
)
def test_other_arrays_are_refused(counts: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        f1_of_counts(counts)


def test_counts_of_other_sentences_are_refused() -> None:
    with pytest.raises(InputError, match="different sentences"):
        span_f1_difference(np.array([[1, 1, 1]] * 6), np.array([[1, 1, 2]] * 6), rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="2 sentences"):
        span_f1_difference(np.array([[1, 1, 1]] * 6), np.array([[1, 1, 3]] * 2), rng=np.random.default_rng(0))


@pytest.mark.parametrize(("n_resamples", "level"), [(9, 0.95), (200, 1.0)])
def test_settings_out_of_range_are_refused(n_resamples: int, level: float) -> None:
    with pytest.raises(InputError):
        span_f1_estimate(
            np.array([[1, 1, 1]] * 6), n_resamples=n_resamples, level=level, rng=np.random.default_rng(0)
        )
