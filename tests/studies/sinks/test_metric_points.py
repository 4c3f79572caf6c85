"""Names, steps and values of metrics."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from tests.studies.sinks.conftest import records_of

from tunescope.studies.sinks.metric_points import MetricPoint, metric_points, name_part


def names(*rows: dict[str, Any]) -> list[str]:
    return [point.name for point in metric_points(records_of(*rows))]


def test_a_curve_over_layers_is_one_metric() -> None:
    rows = [
        {"measure": "accuracy", "stage": "before", "layer": layer, "value": layer / 10} for layer in (0, 6)
    ]
    assert metric_points(records_of(*rows)) == (
        MetricPoint("accuracy/tiny/tags/before/test/by_layer", 0, 0.0),
        MetricPoint("accuracy/tiny/tags/before/test/by_layer", 6, 0.6),
    )


def test_training_steps_come_before_layers() -> None:
    row = {"measure": "rsa", "tuned_on": "tags", "seed": 0, "layer": 6, "value": 1.0}
    (point,) = metric_points(records_of({**row, "step": 10}))
    assert point == ("rsa/tiny/tags/tuned_on tags/seed 0/test/layer 6/by_step", 10, 1.0)
    (after,) = metric_points(records_of({**row, "after_step": 10.0}))
    assert after == ("rsa/tiny/tags/tuned_on tags/seed 0/test/layer 6/by_after_step", 10, 1.0)


def test_sizes_of_the_training_set_are_an_axis_that_nothing_breaks() -> None:
    rows = [
        {"measure": "score", "n_train": n, "is_largest": int(n == 600), "target": "token", "value": 0.5}
        for n in (50, 600)
    ]
    assert set(names(*rows)) == {"score/tiny/tags/test/by_n_train"}


def test_implied_columns_stay_where_they_tell_figures_apart() -> None:
    rows = [{"measure": "score", "target": target, "value": 0.5} for target in ("token", "pair")]
    assert names(*rows) == ["score/tiny/tags/target token/test", "score/tiny/tags/target pair/test"]


def test_ends_of_intervals_have_names_of_their_own() -> None:
    row = {"measure": "accuracy", "value": 0.5, "low": 0.25, "high": 1.0}
    assert metric_points(records_of(row)) == (
        ("accuracy/tiny/tags/test", 0, 0.5),
        ("accuracy/tiny/tags/test.low", 0, 0.25),
        ("accuracy/tiny/tags/test.high", 0, 1.0),
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_undefined_is_no_point(value: float) -> None:
    rows = records_of({"measure": "a", "value": value}, {"measure": "b", "value": 0.0})
    assert [point.name for point in metric_points(rows)] == ["b/tiny/tags/test"]


def test_no_records_are_no_points() -> None:
    assert metric_points(pd.DataFrame()) == ()


def test_layers_below_zero_are_no_steps() -> None:
    assert names({"measure": "accuracy", "layer": -1, "value": 0.5}) == ["accuracy/tiny/tags/test/layer -1"]


def test_labels_that_trackers_refuse_stay_apart() -> None:
    labels = ("$", "#", "a/b", "a:b", "..", "NOUN", "p.Locus", "名詞")
    found = names(*({"measure": "distance", "label": label, "value": 1.0} for label in labels))
    assert len(set(found)) == len(labels)
    assert found[5] == "distance/tiny/tags/label NOUN/test"
    assert found[6] == "distance/tiny/tags/label p.Locus/test"
    assert all(name.count("/") == 4 for name in found)


def test_parts_of_names_are_kept_where_they_can_be() -> None:
    assert name_part("all-MiniLM-L6.v2 x_y") == "all-MiniLM-L6.v2 x_y"
    assert name_part("google-bert/bert").startswith("google-bert_bert-")
    assert name_part(" NOUN") != name_part("NOUN")
    assert name_part("") not in ("", ".")


def test_long_names_are_cut_and_stay_apart() -> None:
    rows = [{"measure": "accuracy", "model": "m" * 300 + end, "value": 0.5, "low": 0.1} for end in "ab"]
    found = names(*rows)
    assert len(set(found)) == 4
    assert all(len(name) <= 250 for name in found)
