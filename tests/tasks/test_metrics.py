import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope.tasks.example import LabelKind
from tunescope.tasks.metrics import METRICS_BY_KIND, accuracy, macro_f1, mcc, pearson, score, spearman

classes = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30)
numbers = st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=2, max_size=30)


def naive_macro_f1(gold, predicted):
    scores = []
    for name in {*gold, *predicted}:
        right = sum(g == p == name for g, p in zip(gold, predicted, strict=True))
        scores.append(2 * right / (gold.count(name) + predicted.count(name)))
    return sum(scores) / len(scores)


def naive_pearson(gold, predicted):
    x, y = np.array(gold, float), np.array(predicted, float)
    x, y = x - x.mean(), y - y.mean()
    spread = math.sqrt((x @ x) * (y @ y))
    return (x @ y) / spread if spread else math.nan


def naive_mcc(gold, predicted):
    """Gorodkin's correlation: Pearson's over the indicators of all classes at once."""
    names = sorted({*gold, *predicted})
    x = np.array([[label == name for name in names] for label in gold], float)
    y = np.array([[label == name for name in names] for label in predicted], float)
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    spread = math.sqrt((x * x).sum() * (y * y).sum())
    return (x * y).sum() / spread if spread else math.nan


@given(classes)
def test_class_metrics_equal_their_formulas(pairs):
    gold, predicted = map(list, zip(*pairs, strict=True))
    assert accuracy(gold, predicted) == pytest.approx(sum(g == p for g, p in pairs) / len(pairs))
    assert macro_f1(gold, predicted) == pytest.approx(naive_macro_f1(gold, predicted))
    assert mcc(gold, predicted) == pytest.approx(naive_mcc(gold, predicted), nan_ok=True, abs=1e-9)


@given(numbers)
def test_correlations_equal_their_formulas(pairs):
    gold, predicted = zip(*pairs, strict=True)
    assert pearson(gold, predicted) == pytest.approx(naive_pearson(gold, predicted), nan_ok=True, abs=1e-9)
    ranks = [[sum(w < v for w in x) + sum(w == v for w in x) / 2 for v in x] for x in (gold, predicted)]
    assert spearman(gold, predicted) == pytest.approx(naive_pearson(*ranks), nan_ok=True, abs=1e-9)


def test_perfect_and_reversed_predictions():
    gold = np.array([1.0, 2.0, 4.0])
    assert [pearson(gold, gold), spearman(gold, gold**3)] == pytest.approx([1, 1])
    assert [pearson(gold, -gold), spearman(gold, -gold)] == pytest.approx([-1, -1])
    assert [accuracy(["a", "b"], ["a", "b"]), macro_f1([0, 1], [0, 1]), mcc([0, 1], [0, 1])] == [1, 1, 1]


@pytest.mark.parametrize("constant", [[3, 3, 3], [0.1 + 1e-17, 0.1, 0.1], [1e9, 1e9 + 1e-7, 1e9], [0, 0, 0]])
def test_correlation_with_a_constant_is_undefined(constant):
    for metric in (pearson, spearman):
        values = [1, 1, 1] if metric is spearman else constant
        assert math.isnan(metric([1, 2, 3], values))
        assert math.isnan(metric(values, [1, 2, 3]))


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_correlation_with_what_is_not_finite_is_undefined(wrong):
    for metric in (pearson, spearman):
        assert math.isnan(metric([1, 2, 3], [1, 2, wrong]))


def test_correlation_of_huge_numbers_does_not_overflow():
    assert pearson([1e300, -1e300, 0], [1e-300, -1e-300, 0]) == pytest.approx(1)


def test_matthews_of_a_single_class_is_undefined():
    assert math.isnan(mcc(["a", "b"], ["a", "a"]))
    assert math.isnan(mcc(["a", "a"], ["a", "b"]))


@pytest.mark.parametrize("metric", [name for names in METRICS_BY_KIND.values() for name in names])
def test_no_targets_is_undefined(metric):
    assert math.isnan(score(metric, [], []))


def test_kinds_of_labels_have_their_metrics():
    assert METRICS_BY_KIND[LabelKind.CLASS][0] == "accuracy"
    assert METRICS_BY_KIND[LabelKind.NUMBER] == ("pearson", "spearman")


def test_score_finds_metrics_by_name():
    assert score("macro_f1", ["a", "b"], ["a", "a"]) == macro_f1(["a", "b"], ["a", "a"])


def test_unknown_metric(refusal):
    message = refusal(score, "f1", ["a"], ["a"])
    assert "There is no such metric" in message
    assert "accuracy, macro_f1, mcc, pearson, spearman" in message


@pytest.mark.parametrize("predicted", [["a"], [["a"], ["b"]]])
def test_shapes_that_do_not_pair_up(refusal, predicted):
    message = refusal(accuracy, ["a", "b"], predicted)
    assert "do not pair up" in message
    assert "shapes (2,) (gold)" in message


def test_correlation_of_text(refusal):
    message = refusal(pearson, [1.0, 2.0], ["a", "b"])
    assert "A correlation needs numbers" in message
    assert "predicted" in message
