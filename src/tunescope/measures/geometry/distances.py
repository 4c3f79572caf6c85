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
        status: Shape (name, name); ``"disjoint"``, ``"overlap"``, ``"undecided"`` (no solver could tell), ``"dropped"``
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
