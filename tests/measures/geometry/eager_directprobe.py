"""DirectProbe by its definition: every merge is checked at once, by linear programs. Slow; for some 24 points."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
from scipy.optimize import linprog, nnls

SURELY_TOUCHING = 1e-11


class UndecidedError(ArithmeticError):
    """The case is too close to contact, or the solver did not finish: nothing can be said, so nothing is."""


def extent(points: np.ndarray) -> float:
    """Return the scale of the points: the largest distance to their mean, or 1 where all are equal."""
    return float(np.linalg.norm(points - points.mean(0), axis=1).max()) or 1.0


def contact_bounds(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Return bounds of the smallest max-norm distance between two hulls, as a fraction of their common scale.

    min t subject to |Σ λᵢ aᵢ − Σ μⱼ bⱼ| ≤ t in every coordinate, λ and μ on simplices. Any weights give an upper
    bound, and any direction w gives a lower one, (min a·w − max b·w) / |w|₁, so neither rests on the solver's word.
    """
    both = np.vstack([a, b])
    both = (both - both.mean(0)) / extent(both)
    n_a, (n, d) = len(a), both.shape
    sides = np.zeros((2, n + 1))
    sides[0, :n_a] = sides[1, n_a:n] = 1
    difference = np.where(np.arange(n)[:, None] < n_a, both, -both).T
    tolerances = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    solution = linprog(
        c=np.eye(n + 1)[n],
        A_ub=np.hstack([np.vstack([difference, -difference]), -np.ones((2 * d, 1))]),
        b_ub=np.zeros(2 * d),
        A_eq=sides,
        b_eq=np.ones(2),
        method="highs",
        options=tolerances,
    )
    if not solution.success:
        raise UndecidedError(f"the linear program ended with: {solution.message}")
    weights = np.maximum(solution.x[:n], 0)
    weights /= (sides[:, :n] @ weights) @ sides[:, :n]
    toward_b, toward_a = solution.ineqlin.marginals.reshape(2, d)
    return max(0.0, gap_along(toward_a - toward_b, both[:n_a], both[n_a:])), abs(difference @ weights).max()


def gap_along(w: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Return a lower bound of the max-norm distance between the hulls, negative where w does not separate."""
    length = abs(w).sum()
    return float(((a @ w).min() - (b @ w).max()) / length) if length > 0 else 0.0


def hulls_overlap(a: np.ndarray, b: np.ndarray, *, contact: float = 1e-9) -> bool:
    """Tell whether two convex hulls meet; to touch is to meet.

    Apart: a direction shows a max-norm distance above `contact` times their scale. Overlap: weights meet within
    1e-11 of it, or rational arithmetic finds an exact common point. Whatever lies between raises `UndecidedError`.
    """
    scale = extent(np.vstack([a, b]))
    direction = a.mean(0) - b.mean(0)
    for w in (direction, *np.diag(np.sign(direction))):
        if gap_along(w, a, b) > 100 * contact * scale:
            return False
    lower, upper = contact_bounds(a, b)
    if lower > contact:
        return False
    if upper <= SURELY_TOUCHING or exactly_overlap(a, b):
        return True
    raise UndecidedError(f"the hulls are apart, by {lower:.3g} to {upper:.3g} of their scale")


def exactly_overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether two hulls have a point in common, in rational arithmetic (simplex method, Bland's rule)."""
    points = np.hstack([np.vstack([a, -b]), np.repeat([[1, 0], [0, 1]], [len(a), len(b)], axis=0)])
    n, m = points.shape
    rows = [
        [Fraction(float(value)) for value in row] + [Fraction(i >= m - 2)] for i, row in enumerate(points.T)
    ]
    basis = [n + i for i in range(m)]
    rows.append(
        [sum(column, Fraction(0)) for column in zip(*rows, strict=True)]
    )  # the infeasibility to be removed
    while True:
        entering = next((j for j in range(n) if rows[m][j] > 0), None)
        if entering is None:
            return rows[m][n] == 0
        positive = (i for i in range(m) if rows[i][entering] > 0)
        leaving = min(positive, key=lambda i: (rows[i][n] / rows[i][entering], basis[i]))
        basis[leaving] = entering
        rows[leaving] = pivot = [value / rows[leaving][entering] for value in rows[leaving]]
        for i, row in enumerate(rows):
            if i != leaving and row[entering]:
                rows[i] = [value - row[entering] * p for value, p in zip(row, pivot, strict=True)]


def hull_distance_qp(a: np.ndarray, b: np.ndarray) -> float:
    """Return the Euclidean distance between two hulls, by active sets, to 1e-6 of itself or 1e-9 of the scale.

    The point nearest to 0 in the hull of all differences D minimises |Du|² + (Σu − 1)² over u ≥ 0, up to a factor
    (Lawson and Hanson 1974, chapter 23). A separating direction gives the lower bound.
    """
    differences = (a[:, None] - b[None]).reshape(-1, a.shape[1]).T
    scale = extent(np.vstack([a, b]))
    system = np.vstack([differences / scale, np.ones(differences.shape[1])])
    weights, _ = nnls(system, np.eye(len(system))[-1], maxiter=100 * system.shape[1])
    nearest = differences @ (weights / weights.sum())
    upper = float(np.linalg.norm(nearest))
    # In narrow strips cancellation spoils the direction of `nearest`; the plane through the active set keeps it.
    active = differences[:, weights > 0].T
    plane = np.linalg.lstsq(active, np.ones(len(active)), rcond=None)[0]
    gaps = [(w @ differences).min() / np.linalg.norm(w) for w in (nearest, plane) if w.any()]
    lower = max(0.0, *gaps) if gaps else 0.0
    if upper - lower > max(1e-6 * upper, 1e-9 * scale):
        raise UndecidedError(f"the distance is only known to be between {lower} and {upper}")
    return upper


def eager_directprobe(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the cluster of each point, numbered by first appearance."""
    tie = 1e-12 * extent(points) ** 2
    clusters = [[i] for i in range(len(points))]  # members ascend, and so do the first members
    rejected = np.zeros((len(points), len(points)), bool)
    while True:
        pairs = {
            (p[0], q[0]): (p, q, float(((points[p].mean(0) - points[q].mean(0)) ** 2).sum()))
            for p, q in combinations(clusters, 2)
            if labels[p[0]] == labels[q[0]] and not rejected[np.ix_(p, q)].any()
        }
        if not pairs:
            break
        smallest = min(squared for _, _, squared in pairs.values())
        p, q, _ = pairs[min(key for key, (_, _, squared) in pairs.items() if squared <= smallest + tie)]
        union = sorted(p + q)
        others = [points[other] for other in clusters if labels[other[0]] != labels[p[0]]]
        if any(hulls_overlap(points[union], other) for other in others):
            rejected[np.ix_(p, q)] = True
        else:
            clusters = sorted([*(c for c in clusters if c not in (p, q)), union])
    numbers = np.empty(len(points), int)
    for number, members in enumerate(clusters):
        numbers[members] = number
    return numbers
