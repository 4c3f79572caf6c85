"""A surface over a grid that is linear on triangles: its height at a point, and the region below a height around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import label

from tunescope.measures.intervals import divide
from tunescope.measures.landscape.loss_grid import Axis

__all__ = ["Region", "TriangulatedSurface"]

Heights = Float[np.ndarray, "row column"]
Vertices = Bool[np.ndarray, "vertex_row vertex_column"]


class Region(NamedTuple):
    """A connected region of the plane.

    Attributes:
        area: In units of the axes.
        at_border: Whether it reaches the border of the grid.
        beside_unknown: Whether it reaches a cell one of whose corners has no height.
    """

    area: float
    at_border: bool
    beside_unknown: bool


class _Corner(NamedTuple):
    """A vertex of the triangle around a point: its place among the vertices, and its share in the point's height."""

    place: tuple[int, int]
    weight: float


@dataclass(frozen=True, eq=False)
class TriangulatedSurface:
    """Heights over a grid, each cell divided into four triangles that meet in its middle.

    The middle has the mean height of the four corners, or none where one of these has none. With triangles the surface
    is continuous, and two vertices below a height are connected below it along their edge: which parts of the plane
    belong together is a matter of the vertices alone.

    Attributes:
        alphas: Shape (row,), rising.
        betas: Shape (column,), rising.
        heights: Shape (row, column); NaN where unknown, never infinite.
    """

    alphas: Axis
    betas: Float[np.ndarray, " other_point"]
    heights: Heights

    def height_at(self, place: tuple[float, float]) -> float:
        """Return the height at a point (α, β) of the grid; NaN where it depends on an unknown one."""
        return float(sum(self._vertices[corner.place] * corner.weight for corner in self._triangle(place)))

    def region_around(self, place: tuple[float, float], highest: float) -> Region:
        """Return the connected region up to a height around a point whose own height is not above it."""
        parts, _ = label(self._vertices <= highest, structure=np.ones((3, 3)))
        inside = parts == max(parts[corner.place] for corner in self._triangle(place))
        corners = inside[::2, ::2]
        border = np.concatenate([corners[0], corners[-1], corners[:, 0], corners[:, -1]])
        touched = corners[:-1, :-1] | corners[1:, :-1] | corners[:-1, 1:] | corners[1:, 1:]
        return Region(
            area=self._area(inside, highest),
            at_border=bool(border.any()),
            beside_unknown=bool((touched & np.isnan(self._middles)).any()),
        )

    @cached_property
    def _middles(self) -> Heights:
        z = self.heights
        return np.asarray((z[:-1, :-1] + z[1:, :-1] + z[:-1, 1:] + z[1:, 1:]) / 4)

    @cached_property
    def _vertices(self) -> Heights:
        """Grid points at even places, middles at odd ones, and between two grid points the higher of them.

        A place between is so below a height if the whole edge is, which makes neighbours on this finer grid, diagonal
        ones included, exactly those that are connected.
        """
        n_rows, n_columns = self.heights.shape
        vertices = np.empty((2 * n_rows - 1, 2 * n_columns - 1))
        vertices[::2, ::2] = self.heights
        vertices[1::2, 1::2] = self._middles
        vertices[1::2, ::2] = np.maximum(self.heights[:-1], self.heights[1:])
        vertices[::2, 1::2] = np.maximum(self.heights[:, :-1], self.heights[:, 1:])
        return vertices

    def _triangle(self, place: tuple[float, float]) -> list[_Corner]:
        """Return the vertices of the triangle around a point that have a share in its height."""
        (row, x), (column, y) = _in_cell(self.alphas, place[0]), _in_cell(self.betas, place[1])
        reach = max(abs(x), abs(y))
        along_rows = abs(x) < abs(y)
        across, along = (y, x) if along_rows else (x, y)
        side = 0 if across < 0 else 2
        corners = [_Corner((2 * row + 1, 2 * column + 1), 1 - 2 * reach)]
        for end, weight in ((0, reach - along), (2, reach + along)):
            offset = (end, side) if along_rows else (side, end)
            corners.append(_Corner((2 * row + offset[0], 2 * column + offset[1]), weight))
        return [corner for corner in corners if corner.weight > 0]

    def _area(self, inside: Vertices, highest: float) -> float:
        z, nodes, middles = self.heights, inside[::2, ::2], inside[1::2, 1::2]
        cells = np.diff(self.alphas)[:, None] * np.diff(self.betas)
        upper, lower, left, right = slice(None, -1), slice(1, None), slice(None, -1), slice(1, None)
        total = 0.0
        for first, second in (
            ((upper, left), (upper, right)),
            ((lower, left), (lower, right)),
            ((upper, left), (lower, left)),
            ((upper, right), (lower, right)),
        ):
            belongs = (nodes[first] | nodes[second] | middles) & ~np.isnan(self._middles)
            shares = _share_below(z[first][belongs], z[second][belongs], self._middles[belongs], highest)
            total += float(np.sum(shares * cells[belongs])) / 4
        return total


def _in_cell(axis: Float[np.ndarray, " any_point"], coordinate: float) -> tuple[int, float]:
    """Return the cell in which a coordinate lies, and where in it, from −½ to ½."""
    cell = int(np.clip(np.searchsorted(axis, coordinate, side="right") - 1, 0, len(axis) - 2))
    place = (coordinate - axis[cell]) / (axis[cell + 1] - axis[cell]) - 0.5
    return cell, float(np.clip(place, -0.5, 0.5))


def _share_below(
    a: Float[np.ndarray, " triangle"],
    b: Float[np.ndarray, " triangle"],
    c: Float[np.ndarray, " triangle"],
    highest: float,
) -> Float[np.ndarray, " triangle"]:
    """Return the share of each triangle's area in which the plane through its three heights is not above one."""
    low, middle, high = np.sort(np.stack([a, b, c]), axis=0)
    below_middle = divide((highest - low) ** 2, (middle - low) * (high - low))
    above_middle = 1 - divide((high - highest) ** 2, (high - low) * (high - middle))
    return np.select(
        [highest >= high, highest >= middle, highest >= low], [1.0, above_middle, below_middle], 0.0
    )
