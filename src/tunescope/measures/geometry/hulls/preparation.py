"""What labelled points become before any hull is looked at: centred, sorted, without doubles, of full rank."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from threadpoolctl import ThreadpoolController

from tunescope._core.errors import InputError
from tunescope.measures.geometry.hulls.tolerances import INPUT_ROUNDING
from tunescope.measures.shapes import AnyVectors

__all__ = ["PreparedPoints", "equal_rows", "prepare"]

Rows = Int[np.ndarray, " row"]

SMALLEST_SIZE = 1e-70
"""Squares of squares of smaller or inversely larger vectors leave the range of float64."""


@dataclass(frozen=True)
class PreparedPoints:
    """Labelled points as the kernels want them; a *row* stands for all equal examples of one label.

    Attributes:
        points: Shape (row, rank), float64, sorted by label and within it by ``first_example``.
        label: The label of each row, numbered from 0.
        start: The first row of each label, and the number of rows at the end.
        first_example: The first example that each row stands for.
        sizes: How many examples each row stands for.
        has_twin: Whether an equal point carries another label; such points overlap from the start.
        shares_point: Shape (label, label); which labels have an equal point.
        row: The row of each example.
        mean: Shape (hidden,); what was subtracted.
        basis: Shape (hidden, rank); orthonormal columns, the directions in which the points differ by more than
            rounding; None for all directions.
        scale: The largest norm of a point about the mean; 1 where all points are equal.
    """

    points: Float[np.ndarray, "row rank"]
    label: Rows
    start: Int[np.ndarray, " bound"]
    first_example: Rows
    sizes: Rows
    has_twin: Bool[np.ndarray, " row"]
    shares_point: Bool[np.ndarray, "label label"]
    row: Int[np.ndarray, " example"]
    mean: Float[np.ndarray, " hidden"]
    basis: Float[np.ndarray, "hidden rank"] | None
    scale: float

    @cached_property
    def rows_of_label(self) -> list[Rows]:
        """The rows of each label."""
        return [np.arange(first, last) for first, last in zip(self.start, self.start[1:], strict=False)]

    def take(self, vectors: AnyVectors) -> Float[np.ndarray, "example rank"]:
        """Return other vectors of the same space as the points are given."""
        centred = vectors.astype(np.float64) - self.mean
        return np.ascontiguousarray(centred if self.basis is None else centred @ self.basis)

    def lift(self, directions: AnyVectors) -> Float[np.ndarray, "direction hidden"]:
        """Return directions between prepared points as directions between vectors, of the same length."""
        return directions if self.basis is None else directions @ self.basis.T


def prepare(
    vectors: AnyVectors, label: Int[np.ndarray, " example"], *, negligible: float = INPUT_ROUNDING
) -> PreparedPoints:
    """Return the points behind ``vectors``, finite, at least one; ``label`` is numbered from 0 without gaps.

    The mean is subtracted in float64. Equal vectors of one label collapse. Directions along which no point lies
    further than the share ``negligible`` of the scale from the mean are left out: a transformer's layer norm leaves
    one such direction, whose noise, the rounding of float32, would make solvers stall.

    Raises:
        InputError: The vectors are so large or small that squares overflow or vanish.
    """
    exact = vectors.astype(np.float64, order="C") + 0.0  # −0 becomes 0
    twin_group = equal_rows(exact)
    n_labels = int(label.max()) + 1
    _, first_example, row, sizes = np.unique(
        twin_group * n_labels + label, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first_example, label[first_example]))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    first_example = first_example[order]
    group, label_of_row = twin_group[first_example], label[first_example].astype(np.int64)
    has_twin = np.bincount(group)[group] > 1
    mean = exact.mean(axis=0)
    exact -= mean
    largest = float(np.abs(exact).max())
    if largest > 1 / SMALLEST_SIZE or 0 < largest < SMALLEST_SIZE:
        raise InputError(
            "the vectors are too large or too small to be squared.",
            expected=f"a largest deviation from the mean between {SMALLEST_SIZE:g} and {1 / SMALLEST_SIZE:g}, or 0",
            got=f"{largest:g}",
            fix="multiply all vectors by one number",
        )
    scale = float(np.sqrt(np.einsum("eh,eh->e", exact, exact).max())) or 1.0
    with _blas().limit(limits=1, user_api="blas"):  # so that the sums do not depend on the number of threads
        basis = _basis(exact, negligible * scale)
        points = exact[first_example] if basis is None else exact[first_example] @ basis
    _, first_row, member = np.unique(group, return_index=True, return_inverse=True)
    points = points[first_row[member]]  # twins are equal to the last bit, whatever the projection rounds
    counts = np.bincount(label_of_row, minlength=n_labels)
    return PreparedPoints(
        points=np.ascontiguousarray(points),
        label=label_of_row,
        start=np.concatenate([[0], np.cumsum(counts)]),
        first_example=first_example,
        sizes=sizes[order],
        has_twin=has_twin,
        shares_point=_labels_together(group[has_twin], label_of_row[has_twin], n_labels),
        row=place[row],
        mean=mean,
        basis=basis,
        scale=scale,
    )


def equal_rows(points: AnyVectors) -> Int[np.ndarray, " example"]:
    """Return a number for each row, equal for equal rows."""
    _, first_column, counts = np.unique(points[:, 0], return_inverse=True, return_counts=True)
    group = first_column.astype(np.int64)
    doubtful = np.flatnonzero(
        counts[first_column] > 1
    )  # a row whose first number occurs once equals no other
    if len(doubtful):
        as_bytes = np.ascontiguousarray(points[doubtful]).view(f"V{points.dtype.itemsize * points.shape[1]}")
        group[doubtful] = len(counts) + np.unique(as_bytes.ravel(), return_inverse=True)[1]
    return group


def _labels_together(group: Rows, label: Rows, n_labels: int) -> Bool[np.ndarray, "label label"]:
    """Return which labels occur in one group."""
    together = np.zeros((n_labels, n_labels), np.bool_)
    for members in np.split(np.argsort(group, kind="stable"), np.flatnonzero(np.diff(np.sort(group))) + 1):
        together[np.ix_(label[members], label[members])] = True
    np.fill_diagonal(together, False)
    return together


def _basis(centred: AnyVectors, negligible: float) -> Float[np.ndarray, "hidden rank"] | None:
    """Return the directions along which some point lies further than ``negligible`` from the mean, None for all."""
    n, hidden_size = centred.shape
    if n > hidden_size:
        scatter = centred.T @ centred
        if _clearly_of_full_rank(scatter, n * negligible**2):
            return None
        directions = np.linalg.eigh(scatter)[1]
    else:
        directions = np.linalg.svd(centred, full_matrices=False)[2].T
    extent = np.abs(centred @ directions).max(axis=0)
    kept = extent > negligible
    kept[extent.argmax()] = True  # where all points are equal, a space of one dimension is left
    return np.ascontiguousarray(directions[:, kept])


def _clearly_of_full_rank(scatter: AnyVectors, smallest: float) -> bool:
    """Whether all eigenvalues exceed ``smallest``, with room for rounding; cheaper than to know them."""
    shifted = scatter.copy()
    shifted[np.diag_indices(len(shifted))] -= 2 * smallest + 1e-13 * np.trace(scatter)
    try:
        np.linalg.cholesky(shifted)
    except np.linalg.LinAlgError:
        return False
    return True


@cache
def _blas() -> ThreadpoolController:
    """Return the handle on numpy's threads, which takes a millisecond to find."""
    return ThreadpoolController()
