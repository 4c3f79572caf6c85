"""The distances between labels, or between clusters: a symmetric matrix with a certificate for each entry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, Shaped

__all__ = ["Distances"]


@dataclass(frozen=True)
class Distances:
    """Distances between the convex hulls of groups of points, each known to lie between two bounds.

    Attributes:
        names: What the rows and columns are: labels, sorted; or clusters, each with the label it belongs to.
        lower: Shape (name, name); certified lower bounds, in the unit of the vectors; NaN on the diagonal and
            where no distance is defined.
        upper: Shape (name, name); certified upper bounds. 0 where the hulls overlap.
        status: Shape (name, name); ``"disjoint"``, ``"overlap"``, ``"undecided"`` (no solver could tell),
            ``"unfinished"`` (time ran out before the clusters were final), ``"dropped"``
            (0 by the published convention, for want of a cluster that counts), or ``""`` where there is no distance.
        sizes: Shape (name,); how many examples each has.
    """

    names: tuple[str, ...]
    lower: Float[np.ndarray, "name name"]
    upper: Float[np.ndarray, "name name"]
    status: Shaped[np.ndarray, "name name"]
    sizes: Int[np.ndarray, " name"]

    @cached_property
    def values(self) -> Float[np.ndarray, "name name"]:
        """The distances: the upper bounds, NaN where undecided or undefined."""
        return np.where(np.isin(self.status, ("disjoint", "overlap", "dropped")), self.upper, np.nan)

    def minimum(self) -> dict[str, float]:
        """Return by name the smallest distance to another name, in the unit of the vectors; larger is further off.

        Zhou and Srikumar (2022) follow each label's smallest distance to another label. Rows of one name, as
        clusters of one label have, count together, and no distance between them counts. NaN where there is no
        distance, or where an undecided or unfinished one may be smaller than those that are known.

        >>> matrix = np.array([[np.nan, 3.0, 1.0], [3.0, np.nan, 2.0], [1.0, 2.0, np.nan]])
        >>> status = np.where(np.isnan(matrix), "", "disjoint")
        >>> Distances(("a", "b", "c"), matrix, matrix, status, np.array([5, 5, 5])).minimum()
        {'a': 1.0, 'b': 2.0, 'c': 1.0}
        """
        rows = np.array(self.names)
        elsewhere = rows[:, None] != rows[None, :]
        known = np.where(elsewhere & np.isfinite(self.values), self.values, np.inf)
        possible = np.where(
            elsewhere & np.isin(self.status, ("undecided", "unfinished")), np.nan_to_num(self.lower), np.inf
        )
        nearest = {}
        for name in dict.fromkeys(self.names):
            own = rows == name
            smallest = float(known[own].min())
            is_certain = np.isfinite(smallest) and float(possible[own].min()) >= smallest
            nearest[name] = smallest if is_certain else np.nan
        return nearest
