"""Dependency trees as arcs over the words: the gold tree, and those that structural probes read from either model."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
from matplotlib.figure import Figure as PrintFigure

from tunescope._core.records import Record
from tunescope.report.canvas import print_axes, screen_figure
from tunescope.report.escaping import plotly_text, print_text, shorten
from tunescope.report.figure_info import FigureInfo
from tunescope.report.palette import SUBJECTS, Look
from tunescope.report.probes import why_missing
from tunescope.report.wording import count_text
from tunescope.studies.comparison import Comparison

__all__ = ["Arcs", "TreeInfo", "tree_figure", "tree_infos", "tree_print"]

_GOLD = Look("#009470")
_HEIGHT_OF_ROW = 1.35


class Arcs(Record):
    """A tree over the words: its edges, and which of them the gold tree has too."""

    name: str
    look: Look
    edges: tuple[tuple[int, int], ...]
    right: tuple[bool, ...]


class TreeInfo(FigureInfo):
    """A sentence with several trees, from top to bottom."""

    words: tuple[str, ...] = ()
    trees: tuple[Arcs, ...] = ()


def tree_infos(comparison: Comparison) -> tuple[TreeInfo, ...]:
    """Return a figure for each sentence whose trees were kept; one that says why where there is none."""
    infos = []
    for number, tree in enumerate(comparison.trees, start=1):
        gold = set(tree.gold)
        rows = (
            ("Gold", _GOLD, tree.gold),
            ("Base", SUBJECTS["base"], tree.base),
            ("Tuned", SUBJECTS["tuned"], tree.tuned),
        )
        infos.append(
            TreeInfo(
                key=f"tree-{number}",
                title="Trees that structural probes read from the vectors",
                tab=f"Sentence {number}",
                how_to_read=(
                    f"Test sentence {shorten(tree.sentence_id, 60)}, layer {tree.layer}, where the base model's trees"
                    " are the best. Arcs join a word with its head, without direction and without punctuation; dotted"
                    " ones are not in the gold tree."
                ),
                alternative=(
                    f"Arcs over the sentence “{shorten(' '.join(tree.words), 200)}”: the gold tree,"
                    f" {_right(tree.base, gold)} of {count_text(len(gold), 'edge')} by the base model,"
                    f" {_right(tree.tuned, gold)} by the tuned one."
                ),
                words=tree.words,
                trees=tuple(
                    Arcs(name=name, look=look, edges=edges, right=tuple(edge in gold for edge in edges))
                    for name, look, edges in rows
                ),
            )
        )
    return tuple(infos) or (
        TreeInfo(
            key="trees",
            title="Trees that structural probes read from the vectors",
            tab="Trees",
            how_to_read="",
            missing=(
                "no test sentence is short enough to draw, and long enough to be worth it"
                if any(math.isfinite(m.estimate.value) for m in comparison.select(measure="uuas"))
                else why_missing(comparison, "structural probes", "trees", "uuas")
            ),
        ),
    )


def _right(edges: tuple[tuple[int, int], ...], gold: set[tuple[int, int]]) -> int:
    return len(gold & set(edges))


def _arc(edge: tuple[int, int], n_words: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the places along an arc between two words, from 0 to 1 high."""
    angle = np.linspace(0, np.pi, 25)
    first, last = edge
    height = ((last - first) / n_words) ** 0.6
    return (first + last) / 2 - (last - first) / 2 * np.cos(angle), height * np.sin(angle)


def tree_figure(info: TreeInfo) -> go.Figure:
    """Draw the trees for the page, one above the other, over the same words."""
    n_words, n_rows = len(info.words), len(info.trees)
    figure = screen_figure(
        x={
            "title": "",
            "tickvals": list(range(n_words)),
            "ticktext": [plotly_text(shorten(word, 14)) for word in info.words],
            "range": [-0.7, n_words - 0.3],
            "showgrid": False,
            "tickangle": -35 if n_words > 9 else 0,
        },
        y={
            "title": "",
            "tickvals": [(n_rows - 1 - row) * _HEIGHT_OF_ROW for row in range(n_rows)],
            "ticktext": [_row_title(tree) for tree in info.trees],
            "range": [-0.15, n_rows * _HEIGHT_OF_ROW],
            "showgrid": True,
        },
        height=120 + 110 * n_rows,
    )
    for row, tree in enumerate(info.trees):
        floor = (n_rows - 1 - row) * _HEIGHT_OF_ROW
        for edge, right in zip(tree.edges, tree.right, strict=True):
            x, y = _arc(edge, n_words)
            words = " – ".join(plotly_text(shorten(info.words[place], 40)) for place in edge)
            figure.add_scatter(
                x=x,
                y=floor + y,
                mode="lines",
                line={"color": tree.look.colour, "width": 2, "dash": "solid" if right else "dot"},
                hovertext=words if right else f"{words} (not in the gold tree)",
                hoverinfo="text",
            )
    figure.update_layout(showlegend=False)
    return figure


def _row_title(tree: Arcs) -> str:
    return tree.name if all(tree.right) else f"{tree.name} {sum(tree.right)}/{len(tree.right)}"


def tree_print(info: TreeInfo) -> PrintFigure:
    """Draw the trees for a paper."""
    n_words, n_rows = len(info.words), len(info.trees)
    figure, axes = print_axes(x_title="", y_title="", height=1 + 1.1 * n_rows)
    for row, tree in enumerate(info.trees):
        floor = (n_rows - 1 - row) * _HEIGHT_OF_ROW
        for edge, right in zip(tree.edges, tree.right, strict=True):
            x, y = _arc(edge, n_words)
            axes.plot(x, floor + y, color=tree.look.colour, linewidth=1.3, linestyle="-" if right else ":")
    axes.set_xticks(
        range(n_words), [print_text(shorten(word, 14)) for word in info.words], rotation=35, ha="right"
    )
    axes.set_yticks(
        [(n_rows - 1 - row) * _HEIGHT_OF_ROW for row in range(n_rows)],
        [_row_title(tree) for tree in info.trees],
    )
    axes.grid(False, axis="x")
    axes.set_ylim(-0.15, n_rows * _HEIGHT_OF_ROW)
    return figure
