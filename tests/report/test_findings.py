"""Findings say what the figures support, and no more."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.report.factory import (
    estimate,
    make_comparison,
    make_empty_comparison,
    make_hostile_comparison,
    replace_measurements,
)

from tunescope.report.findings import findings
from tunescope.report.gallery import gallery
from tunescope.studies.comparison import Comparison, Measurement

_PLAIN = str.maketrans({"\u2068": None, "\u2069": None, "\u202f": " ", "\u00a0": " "})


def say(comparison: Comparison, kind: str | None = None) -> list[str]:
    return [f.text.translate(_PLAIN) for f in findings(comparison) if kind in (None, f.kind)]


def test_helped() -> None:
    first = findings(make_comparison())[0]
    assert first.verdict == "helped"
    assert say(make_comparison())[0] == (
        "Fine-tuning helped on the test set: accuracy went from 86.1 % (linear probe before) to 93.0 % (own head),"
        " +6.9 points, 95 % interval +6.0 … +7.8."
    )
    assert first.figure == "scores-accuracy"


def test_hurt() -> None:
    first = findings(make_comparison(gain=-0.05))[0]
    assert first.verdict == "hurt"
    assert first.text.startswith("Fine-tuning hurt on the test set")
    assert "−5.0 points" in first.text


@pytest.mark.parametrize("gain", [0.0, 0.008, -0.008])
def test_cannot_be_told_when_the_interval_contains_zero(gain: float) -> None:
    first = findings(make_comparison(gain=gain))[0]
    assert first.verdict == "unclear"
    assert "cannot be told" in first.text
    assert "contains 0" in first.text


def test_cannot_be_told_without_an_interval() -> None:
    bare = estimate(0.069, 0, status="fewer than 10 sentences")
    first = findings(replace_measurements(make_comparison(), subject="difference", estimate=bare))[0]
    assert first.verdict == "unclear"
    assert "there is no interval" in first.text


def test_a_head_that_does_not_use_better_vectors_is_told_from_worse_vectors() -> None:
    place = {"measure": "head_accuracy", "subject": "difference", "split": "test", "layer": None}
    comparison = replace_measurements(make_comparison(), **place, estimate=estimate(-0.05))
    first = say(comparison)[0]
    assert first.startswith("Fine-tuning hurt on the test set")
    assert "Yet a linear probe on the tuned vectors reaches" in first
    assert "the vectors improved, and the head does not use it" in first
    assert "Yet" not in say(make_comparison(gain=-0.05))[0]


@pytest.mark.parametrize(("gain", "told_apart"), [(0.03, True), (0.005, False)])
def test_the_gain_over_the_best_frozen_layer(gain: float, told_apart: bool) -> None:
    place = {
        "measure": "probe_accuracy",
        "subject": "base",
        "split": "test",
        "partition": "given",
        "step": None,
    }
    comparison = replace_measurements(make_comparison(), **place, layer=3, estimate=estimate(0.91))
    difference = Measurement(
        measure="head_accuracy", subject="difference", split="test", layer=3, estimate=estimate(gain)
    )
    longer = comparison.model_copy(update={"measurements": (*comparison.measurements, difference)})
    (text,) = (text for text in say(longer) if "untouched base model" in text)
    assert "layer 3 " in text
    assert ("cannot be told apart from none" not in text) is told_apart
    assert not any("untouched base model" in text for text in say(comparison))


def test_the_tuned_probe_stands_in_for_a_missing_head() -> None:
    assert "(linear probe after)" in say(make_comparison(with_head=False))[0]


def test_correlations_are_no_points() -> None:
    text = say(make_comparison(metric="pearson", label_kind="number", changed=()))[0]
    assert "Pearson correlation went from 0.86" in text
    assert "+0.07" in text
    assert "points" not in text


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({}, "carries over to “reviews”, but is smaller there"),
        ({"outside_gain": 0.069}, "carries over to “reviews”; the tuned model can be tried"),
        ({"outside_gain": 0.0}, "Do not count on the gain for text like “reviews”"),
        ({"outside_gain": -0.05}, "prefer the base model"),
    ],
)
def test_advice_out_of_domain(fields: dict[str, Any], advice: str) -> None:
    assert any(advice in text for text in say(make_comparison(**fields), "advice"))


def test_layers_that_stayed_put_and_where_the_change_starts() -> None:
    text = next(text for text in say(make_comparison()) if "stayed put (RSA" in text)
    assert text.startswith(
        "Layers 0–2 stayed put (RSA at least 0.98); the change starts at layer 4 (RSA 0.74,"
    )
    assert "largest at layer 6" in text


def test_freezing_is_advised_as_untried() -> None:
    text = next(text for text in say(make_comparison(), "advice") if text.startswith("Freezing"))
    assert "embeddings and layers 1–2" in text
    assert "not tried here" in text


def test_no_freezing_where_no_layer_stayed_put() -> None:
    moved = replace_measurements(make_comparison(), measure="rsa", estimate=estimate(0.5))
    assert not any(text.startswith("Freezing") for text in say(moved))


def test_nothing_changed() -> None:
    same = replace_measurements(make_comparison(), measure="rsa", estimate=estimate(0.99, 0.005))
    assert any("no layer clearly changed" in text for text in say(same))


def test_thresholds_need_intervals() -> None:
    bare = replace_measurements(make_comparison(), measure="rsa", estimate=estimate(1.0, 0))
    assert not any("stayed put" in text for text in say(bare))


def test_weights_cones_and_centroids() -> None:
    texts = say(make_comparison())
    assert any(
        "weights moved most in layer 6" in text and "least in the embeddings" in text for text in texts
    )
    assert any("narrower cone" in text for text in texts)
    assert any("“NOUN” moved furthest" in text and "“VERB” least" in text for text in texts)


def test_when_the_gain_was_there() -> None:
    texts = say(make_comparison())
    assert any(text.startswith("By step 80 of 160, 90 % of the gain was there") for text in texts)
    assert any("between steps 0 and 10" in text for text in texts)


def test_no_story_of_training_without_gain() -> None:
    assert not any("of the gain" in text for text in say(make_comparison(gain=0.0)))


@pytest.mark.parametrize(
    "caution",
    [
        "“reviews” has only 64 sentences",
        "In “test”, 3 targets (0.2 %) stand aside",
        "The given test set is harder than a random one",
        "RSA at the top layer differs between train and test",
    ],
)
def test_cautions(caution: str) -> None:
    assert any(text.startswith(caution) for text in say(make_comparison(), "caution"))


def test_a_missing_control_is_told() -> None:
    assert any(
        "no random-split control" in text for text in say(make_comparison(with_control=False), "caution")
    )


def test_what_is_not_defined_is_told_with_its_reason() -> None:
    nan = estimate(math.nan, status="a row is a zero vector")
    broken = replace_measurements(make_comparison(), measure="cka", step=None, split="test", estimate=nan)
    texts = say(broken, "caution")
    assert "Debiased linear CKA is not defined (Test, layers 0–6): a row is a zero vector." in texts


def test_an_empty_comparison_has_no_findings() -> None:
    assert findings(make_empty_comparison()) == ()


def test_findings_are_quiet_where_all_figures_are_undefined() -> None:
    comparison = make_comparison()
    nan = estimate(math.nan, status="no")
    broken = tuple(m.model_copy(update={"estimate": nan}) for m in comparison.measurements)
    found = findings(comparison.model_copy(update={"measurements": broken}))
    assert {finding.kind for finding in found} == {"caution"}


@pytest.mark.parametrize("make", [make_comparison, make_hostile_comparison])
def test_every_figure_that_a_finding_names_is_in_the_report(make: Any) -> None:
    comparison = make()
    keys = {info.key for section in gallery(comparison) for info in section.infos}
    assert {finding.figure for finding in findings(comparison)} <= {*keys, None}


def test_equal_models_are_called_equal() -> None:
    comparison = make_comparison()
    for measure in ("weight_change", "centroid_shift"):
        comparison = replace_measurements(comparison, measure=measure, step=None, estimate=estimate(0.0, 0))
    said = say(comparison)
    assert "The two models have the same weights in every layer." in said
    assert not any("moved furthest" in text or "moved most in" in text for text in said)


def test_what_was_kept_and_what_was_lost_is_said_layer_by_layer() -> None:
    said = say(make_comparison())
    (perceptron,) = (text for text in said if "what a perceptron reads" in text)
    assert perceptron.startswith(
        "By fine-tuning, what a perceptron reads rose at layers 4–6 and cannot be told from what it was at layers 0–3"
    )
    assert "over 7 layers" in perceptron
    (trees,) = (text for text in said if "trees" in text and "structural probe" in text)
    assert "fell at layers 4–6" in trees
    assert "rose" not in trees


def test_many_layers_widen_the_intervals_of_what_was_kept() -> None:
    comparison = make_comparison()
    barely = estimate(0.011, 0.01)  # excludes 0 alone, but not as one of seven
    for layer in range(7):
        comparison = replace_measurements(
            comparison, measure="perceptron_accuracy", subject="difference", layer=layer, estimate=barely
        )
    (text,) = (text for text in say(comparison) if "what a perceptron reads" in text)
    assert "cannot be told from what it was at layers 0–6" in text


def test_memory_is_named_and_so_is_the_layer_where_the_task_is_solved() -> None:
    said = say(make_comparison())
    assert any(
        "selectivity is 24.0 %" in text and "by memory and by the labels’ frequencies" in text
        for text in said
    )
    (layer,) = (text for text in said if "expected layer" in text)
    assert "cannot be told apart" not in layer
    unclear = replace_measurements(
        make_comparison(), measure="expected_layer", subject="difference", estimate=estimate(-0.1, 0.2)
    )
    assert any(
        "expected layer" in text and text.endswith("They cannot be told apart.") for text in say(unclear)
    )
