"""Paths in a plane: where the centroid of each label went during training."""

from __future__ import annotations

import plotly.graph_objects as go
from matplotlib.figure import Figure as PrintFigure

from tunescope._core.records import Record
from tunescope.report.canvas import print_axes, screen_figure
from tunescope.report.escaping import plotly_text, print_text, short_names, shorten
from tunescope.report.figure_info import FigureInfo
from tunescope.report.palette import label_look
from tunescope.studies.comparison import PathPoint

__all__ = ["Path2D", "PathsInfo", "paths_figure", "paths_print"]

_MOST_NAMES = 24
"""With more labels, names at the ends would cover each other."""


class Path2D(Record):
    """The places of one label, by rising step; places that are not finite are left out."""

    label: str
    points: tuple[PathPoint, ...]


class PathsInfo(FigureInfo):
    """Paths of all labels, and the titles of the plane's axes."""

    x_title: str = "First principal component"
    y_title: str = "Second principal component"
    paths: tuple[Path2D, ...] = ()


def paths_figure(info: PathsInfo) -> go.Figure:
    """Draw the paths for the page: an open marker where training started, the label's name where it ended."""
    figure = screen_figure(
        x={"title": info.x_title, "zeroline": False},
        y={"title": info.y_title, "scaleanchor": "x"},
        height=520,
    )
    names = short_names([path.label for path in info.paths], 18)
    for index, (path, name) in enumerate(zip(info.paths, names, strict=True)):
        figure.add_trace(_path_trace(path, plotly_text(name), index, len(info.paths) <= _MOST_NAMES))
    figure.update_layout(showlegend=False)
    return figure


def _path_trace(path: Path2D, name: str, index: int, named: bool) -> go.Scatter:
    look = label_look(index)
    last = len(path.points) - 1
    return go.Scatter(
        x=[point.x for point in path.points],
        y=[point.y for point in path.points],
        name=name,
        mode="lines+markers+text" if named else "lines+markers",
        text=["" if i < last else name for i in range(last + 1)],
        textposition=f"{'bottom' if path.points[-1].y < 0 else 'top'} center",
        line={"color": look.colour, "width": 1.6},
        marker={
            "color": look.colour,
            "size": [9 if i in (0, last) else 4 for i in range(last + 1)],
            "line": {"width": 0},
            "opacity": 1,
            "symbol": [f"{look.symbol}-open" if i == 0 and last else look.symbol for i in range(last + 1)],
        },
        hovertext=[
            f"{plotly_text(shorten(path.label, 200))}<br>step {point.step:,}" for point in path.points
        ],
        hoverinfo="text",
    )


def paths_print(info: PathsInfo) -> PrintFigure:
    """Draw the paths for a paper."""
    figure, axes = print_axes(x_title=info.x_title, y_title=info.y_title, height=5.2)
    names = short_names([path.label for path in info.paths], 18)
    for index, (path, name) in enumerate(zip(info.paths, names, strict=True)):
        look = label_look(index)
        xs, ys = [point.x for point in path.points], [point.y for point in path.points]
        axes.plot(xs, ys, color=look.colour, linewidth=1.2, marker=".", markersize=4)
        axes.plot(
            xs[:1], ys[:1], color=look.colour, marker=look.print_marker, markersize=6, markerfacecolor="white"
        )
        axes.plot(xs[-1:], ys[-1:], color=look.colour, marker=look.print_marker, markersize=6)
        if len(info.paths) <= _MOST_NAMES:
            place = (xs[-1], ys[-1])
            axes.annotate(
                print_text(name),
                place,
                xytext=(0, -13 if ys[-1] < 0 else 6),
                textcoords="offset points",
                ha="center",
                color=look.colour,
            )
    axes.set_aspect("equal", adjustable="datalim")
    return figure
