"""All figures of the report in their order, each with what draws it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import plotly.graph_objects as go
from matplotlib.figure import Figure as PrintFigure

from tunescope.report.bars import BarsInfo, bars_figure, bars_print
from tunescope.report.centroids import centroid_path_info, centroid_shift_info
from tunescope.report.curves import CurvesInfo, curves_figure, curves_print
from tunescope.report.dots import DotsInfo, dots_figure, dots_print
from tunescope.report.figure_info import FigureInfo
from tunescope.report.grids import GridInfo, grid_figure, grid_print
from tunescope.report.label_clusters import (
    clusters_info,
    division_info,
    label_distance_info,
    minimum_distance_info,
)
from tunescope.report.layer_curves import SIMILARITIES, mean_cosine_info, probe_layers_info, similarity_info
from tunescope.report.paths import PathsInfo, paths_figure, paths_print
from tunescope.report.places import metrics
from tunescope.report.probes import (
    EDGE_MEASURES,
    PERCEPTRON_MEASURES,
    TREE_MEASURES,
    compression_info,
    edge_info,
    perceptron_info,
    structure_info,
)
from tunescope.report.scores import scores_info
from tunescope.report.training import STEP_GRIDS, score_path_info, step_grid_info
from tunescope.report.trees import TreeInfo, tree_figure, tree_infos, tree_print
from tunescope.report.weights import weights_info
from tunescope.studies.comparison import Comparison

__all__ = ["Section", "gallery", "print_figure", "screen_figure_of"]


class Section(NamedTuple):
    """Figures that share a heading; with several, the page shows one at a time."""

    key: str
    title: str
    infos: tuple[FigureInfo, ...]

    @property
    def missing(self) -> str | None:
        """Why none of the figures can be drawn; ``None`` where one can."""
        reasons = [info.missing for info in self.infos]
        return reasons[0] if all(reasons) else None


def gallery(comparison: Comparison) -> tuple[Section, ...]:
    """Return the sections of figures; a figure that was not measured says why, unless its neighbours were."""
    names = metrics(comparison)
    return (
        _section("scores", [scores_info(comparison, metric) for metric in names]),
        _section("similarity", [similarity_info(comparison, measure) for measure in SIMILARITIES]),
        _section("probe", [probe_layers_info(comparison, metric) for metric in names]),
        _section("perceptron", [perceptron_info(comparison, measure) for measure in PERCEPTRON_MEASURES]),
        _section("compression", [compression_info(comparison)]),
        _section("edge", [edge_info(comparison, measure) for measure in EDGE_MEASURES]),
        _section("structure", [structure_info(comparison, measure) for measure in TREE_MEASURES]),
        _section("trees", tree_infos(comparison)),
        _section("mean-cosine", [mean_cosine_info(comparison)]),
        _section("weight-change", [weights_info(comparison)]),
        _section("centroid-shift", [centroid_shift_info(comparison)]),
        _section("clusters", [clusters_info(comparison)]),
        _section("minimum-distance", [minimum_distance_info(comparison)]),
        _section("label-distances", [label_distance_info(comparison, model) for model in ("base", "tuned")]),
        _section(
            "train-test",
            [
                division_info(comparison, measure)
                for measure in ("train_test_similarity_large", "train_test_similarity")
            ],
        ),
        _section(
            "training",
            [
                *(score_path_info(comparison, metric) for metric in names),
                *(step_grid_info(comparison, measure) for measure in STEP_GRIDS),
            ],
        ),
        _section("centroid-path", [centroid_path_info(comparison)]),
    )


def _section(key: str, infos: Sequence[FigureInfo]) -> Section:
    """Keep the figures that can be drawn; where there is none, the first, which says why."""
    drawable = tuple(info for info in infos if info.missing is None)
    return Section(f"section-{key}", infos[0].title, drawable or tuple(infos[:1]))


_DRAWN: tuple[tuple[type[FigureInfo], Callable[..., go.Figure], Callable[..., PrintFigure]], ...] = (
    (CurvesInfo, curves_figure, curves_print),
    (DotsInfo, dots_figure, dots_print),
    (BarsInfo, bars_figure, bars_print),
    (GridInfo, grid_figure, grid_print),
    (PathsInfo, paths_figure, paths_print),
    (TreeInfo, tree_figure, tree_print),
)


def screen_figure_of(info: FigureInfo) -> go.Figure:
    """Draw a figure for the page."""
    return next(screen for kind, screen, _ in _DRAWN if isinstance(info, kind))(info)


def print_figure(info: FigureInfo) -> PrintFigure:
    """Draw a figure for a paper."""
    return next(printed for kind, _, printed in _DRAWN if isinstance(info, kind))(info)
