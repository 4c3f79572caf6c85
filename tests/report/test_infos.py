"""What the figures hold: values, order, gaps where nothing is defined, and reasons where nothing was measured."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.report.factory import (
    N_LAYERS,
    STEPS,
    estimate,
    make_comparison,
    make_empty_comparison,
    replace_measurements,
)

from tunescope.report.centroids import MOST_LABELS, centroid_path_info, centroid_shift_info
from tunescope.report.figure_info import undefined
from tunescope.report.gallery import gallery, print_figure, screen_figure_of
from tunescope.report.layer_curves import SIMILARITIES, mean_cosine_info, probe_layers_info, similarity_info
from tunescope.report.probes import (
    TREE_MEASURES,
    compression_info,
    edge_info,
    perceptron_info,
    structure_info,
)
from tunescope.report.scores import scores_info
from tunescope.report.tables import readable_table
from tunescope.report.training import score_path_info, step_grid_info
from tunescope.report.trees import tree_infos
from tunescope.report.weights import weights_info
from tunescope.studies.comparison import Measurement

NAN = estimate(math.nan, status="all cosines are equal")


def test_scores_stand_in_rows_by_split_with_the_control_beside() -> None:
    info = scores_info(make_comparison(), "accuracy")
    assert info.rows == ("Test", "Test (random)", "reviews")
    by_name = {series.name: series for series in info.series}
    before = by_name["Base: linear probe"].marks
    assert [mark.position for mark in before] == [0, 1, 2]
    assert before[0].value == pytest.approx(0.861)
    assert by_name["Tuned: own head"].marks[0].value == pytest.approx(0.93)
    assert by_name["Majority class"].marks[0].low == pytest.approx(0.173)
    assert "Tuned: linear probe · tuned, Test, layer 6" in by_name["Tuned: linear probe"].marks[0].text[0]


def test_scores_hold_their_differences_in_the_table_but_not_in_the_figure() -> None:
    info = scores_info(make_comparison(), "accuracy")
    assert any(m.subject == "difference" for m in info.measurements)
    assert len(info.series) == 4


@pytest.mark.parametrize("measure", SIMILARITIES)
def test_similarity_has_one_curve_per_split_from_the_embeddings_to_the_top(measure: str) -> None:
    info = similarity_info(make_comparison(), measure)
    assert [curve.name for curve in info.curves] == ["Test", "Train", "reviews"]
    assert [mark.position for mark in info.curves[0].marks] == list(range(N_LAYERS + 1))
    assert len({curve.look for curve in info.curves}) == 3


def test_similarity_shows_the_random_split_beside_the_given_one() -> None:
    comparison = make_comparison()
    control = [
        m.model_copy(update={"partition": "random"})
        for m in comparison.select(measure="rsa", split="test", step=None)
    ]
    both = comparison.model_copy(update={"measurements": (*comparison.measurements, *control)})
    curves = similarity_info(both, "rsa").curves
    assert [curve.name for curve in curves[:2]] == ["Test", "Test · random split"]
    assert curves[0].look.colour == curves[1].look.colour
    assert curves[1].look.dash == "dot"


def test_what_is_not_defined_leaves_a_gap_and_says_why() -> None:
    place = {"measure": "rsa", "split": "test", "layer": 0, "step": None}
    info = similarity_info(replace_measurements(make_comparison(), **place, estimate=NAN), "rsa")
    mark = info.curves[0].marks[0]
    assert (mark.value, mark.low, mark.high) == (None, None, None)
    assert undefined(info) == ("Test, layer 0: not defined, all cosines are equal",)
    assert screen_figure_of(info).to_plotly_json()["data"][1]["y"][0] is None


def test_infinity_is_no_mark() -> None:
    place = {"measure": "weight_change", "part": "layer 1", "step": None}
    info = weights_info(replace_measurements(make_comparison(), **place, estimate=estimate(math.inf, 0)))
    assert info.sets[0].marks[1].value is None


def test_probes_and_cones_show_one_split_at_a_time() -> None:
    comparison = make_comparison()
    for info in (probe_layers_info(comparison, "accuracy"), mean_cosine_info(comparison)):
        assert info.one_split == "test"
        assert {curve.name for curve in info.curves} == {"Base", "Tuned"}
        traces = screen_figure_of(info).data
        shown = {trace.meta["split"] for trace in traces if trace.visible}
        assert shown == {info.splits.index("test")}


def test_weights_know_which_layer_each_bar_belongs_to() -> None:
    info = weights_info(make_comparison())
    assert info.sets[0].layers == tuple(range(N_LAYERS + 1))
    assert info.sets[0].names[:2] == ("Emb.", "1")
    assert info.sets[0].marks[0].low is None


def test_centroid_shift_sorts_labels_anew_at_each_layer() -> None:
    info = centroid_shift_info(make_comparison())
    assert [bars.layer for bars in info.sets] == list(range(N_LAYERS + 1))
    values = [mark.value or 0 for mark in info.sets[info.first].marks]
    assert values == sorted(values, reverse=True)
    assert info.first == N_LAYERS


def test_centroid_shift_shows_the_labels_that_moved_most_and_says_so() -> None:
    info = centroid_shift_info(make_comparison(labels=tuple(f"label {i}" for i in range(MOST_LABELS + 5))))
    assert all(len(bars.marks) == MOST_LABELS for bars in info.sets)
    assert "Of 45 labels, the 40" in info.how_to_read


def test_score_path_starts_at_the_base_model_where_no_snapshot_does() -> None:
    comparison = make_comparison()
    assert [curve.name for curve in score_path_info(comparison, "accuracy").curves] == [
        "Linear probe, top layer",
        "Own head",
    ]
    late = tuple(m for m in comparison.measurements if m.step != 0)
    info = score_path_info(comparison.model_copy(update={"measurements": late}), "accuracy")
    assert info.curves[-1].name == "Base: linear probe"
    assert info.curves[-1].marks[0].position == 0


def test_step_grid_has_a_cell_for_each_layer_and_step() -> None:
    info = step_grid_info(make_comparison(), "rsa")
    assert info.columns == tuple(map(str, STEPS))
    assert info.rows[0] == "Layer 0"
    assert info.row_layers == tuple(range(N_LAYERS + 1))
    assert info.digits[0][0] == "1.00"
    weights = step_grid_info(make_comparison(), "weight_change")
    assert weights.rows[:2] == ("Emb.", "Layer 1")


def test_step_grid_leaves_cells_empty_that_were_not_measured() -> None:
    comparison = make_comparison()
    kept = tuple(m for m in comparison.measurements if (m.measure, m.layer, m.step) != ("rsa", 3, 40))
    info = step_grid_info(comparison.model_copy(update={"measurements": kept}), "rsa")
    assert info.marks[3][3].value is None
    assert info.digits[3][3] == ""


def test_centroid_path_says_how_much_its_plane_shows() -> None:
    info = centroid_path_info(make_comparison())
    assert "83\u202f%" in info.how_to_read
    assert [point.step for point in info.paths[0].points] == list(STEPS)
    assert "unknown share" in centroid_path_info(make_comparison(path_variance=math.nan)).how_to_read


@pytest.mark.parametrize(
    ("fields", "key", "reason"),
    [
        ({"with_steps": False}, "section-training", "no snapshots"),
        ({"with_steps": False}, "section-centroid-path", "two snapshots"),
        ({"labels": (), "label_kind": "number", "metric": "pearson"}, "section-centroid-shift", "number"),
    ],
)
def test_what_was_not_measured_says_why(fields: dict[str, Any], key: str, reason: str) -> None:
    section = next(section for section in gallery(make_comparison(**fields)) if section.key == key)
    assert section.missing is not None
    assert reason in section.missing


def test_an_empty_comparison_has_nothing_to_draw() -> None:
    assert all(section.missing for section in gallery(make_empty_comparison()))


def test_all_figures_are_drawn_where_every_figure_is_undefined() -> None:
    comparison = make_comparison()
    broken = tuple(m.model_copy(update={"estimate": NAN}) for m in comparison.measurements)
    sections = gallery(comparison.model_copy(update={"measurements": broken}))
    assert [section.key for section in sections if not section.missing] == [
        "section-trees",
        "section-centroid-path",
    ]


def test_figures_are_drawn_where_single_figures_are_undefined() -> None:
    comparison = make_comparison()
    holes = tuple(
        m.model_copy(update={"estimate": NAN}) if i % 3 == 0 else m
        for i, m in enumerate(comparison.measurements)
    )
    for section in gallery(comparison.model_copy(update={"measurements": holes})):
        for info in section.infos:
            screen_figure_of(info)
            print_figure(info)


def test_further_metrics_get_their_own_tab() -> None:
    comparison = make_comparison()
    extra = Measurement(measure="head_macro_f1", subject="tuned", split="test", estimate=estimate(0.8))
    both = comparison.model_copy(update={"measurements": (*comparison.measurements, extra)})
    scores = gallery(both)[0]
    assert [info.tab for info in scores.infos] == ["Accuracy", "Macro-F1"]


def test_a_perceptron_stands_beside_its_control_and_baselines() -> None:
    info = perceptron_info(make_comparison(), "perceptron_accuracy")
    names = [curve.name for curve in info.curves]
    assert names == [
        "Base",
        "Tuned",
        "Base · control task",
        "Tuned · control task",
        "Majority class: accuracy",
        "Random vectors",
    ]
    assert [mark.position for mark in info.curves[0].marks] == list(range(N_LAYERS + 1))
    assert [mark.position for mark in info.curves[-1].marks] == [0, N_LAYERS]
    assert {m.measure for m in info.measurements} >= {"control_accuracy", "random_vectors_accuracy"}


@pytest.mark.parametrize("measure", TREE_MEASURES)
def test_structural_probes_stand_beside_trees_that_know_no_vectors(measure: str) -> None:
    info = structure_info(make_comparison(), measure)
    assert [curve.name for curve in info.curves][:2] == ["Base", "Tuned"]
    assert len(info.curves) == 4
    assert all(m.subject != "difference" for m in info.measurements)


def test_trees_tell_right_edges_from_wrong_ones() -> None:
    (info,) = tree_infos(make_comparison())
    gold, base, tuned = info.trees
    assert all(gold.right)
    assert (sum(base.right), sum(tuned.right)) == (4, 4)
    assert "4 of 5 edges by the base model" in info.alternative
    figure = screen_figure_of(info)
    assert [trace.line.dash for trace in figure.data].count("dot") == 2
    assert len(figure.data) == 15
    assert print_figure(info).axes[0].lines


def test_without_probes_the_figures_say_what_they_need() -> None:
    empty = make_empty_comparison(label_kind="number")
    assert "classes" in str(perceptron_info(empty, "selectivity").missing)
    assert "classes" in str(compression_info(empty).missing)
    assert "spans" in str(edge_info(empty, "edge_f1").missing)
    assert "--trees" in str(structure_info(empty, "uuas").missing)
    assert "--trees" in str(tree_infos(empty)[0].missing)


def test_the_reason_for_a_missing_figure_of_probes_is_the_right_one() -> None:
    unasked = make_empty_comparison(settings={"probes": "none"})
    for info in (
        perceptron_info(unasked, "selectivity"),
        structure_info(unasked, "uuas"),
        tree_infos(unasked)[0],
    ):
        assert "not asked for" in str(info.missing)
    assert "too little" in str(perceptron_info(make_empty_comparison(), "selectivity").missing)
    none_drawn = make_comparison(trees=())
    assert "short enough to draw" in str(tree_infos(none_drawn)[0].missing)
    measured = [m for m in make_comparison().measurements if m.measure == "uuas"]
    lost = tuple(m.model_copy(update={"estimate": NAN}) for m in measured)
    undefined = make_empty_comparison(measurements=lost)
    assert "no figure is defined" in str(structure_info(undefined, "uuas").missing)
    assert "no figure is defined" in str(tree_infos(undefined)[0].missing)


def test_the_edges_of_a_drawn_tree_are_its_table() -> None:
    info = tree_infos(make_comparison())[0]
    table = readable_table(info)
    assert table.columns == ("tree", "word", "other_word", "in_gold_tree")
    assert len(table.rows) == sum(len(tree.edges) for tree in info.trees)
    assert {row[3] for row in table.rows if row[0] == "Gold"} == {"yes"}
