"""The kernels behind DirectProbe, each by itself against what a few lines of numpy say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from tests.measures.geometry.eager_directprobe import extent, hulls_overlap

from tunescope.measures.geometry.hull_distance import hull_distance
from tunescope.measures.geometry.hulls.depth import overlap_depth
from tunescope.measures.geometry.hulls.factorisation import (
    Factorisation,
    append_column,
    new_factorisation,
    refresh_residual,
    remove_column,
    solve,
)
from tunescope.measures.geometry.hulls.linkage import closest_pair, forbid, members, merge, new_linkage
from tunescope.measures.geometry.hulls.min_norm_point import OVERLAP, new_active_set
from tunescope.measures.geometry.hulls.nearest_hull import nearest_hull
from tunescope.measures.geometry.hulls.pairs import (
    distance_goal,
    is_precise,
    measure_pair,
    pair_up,
)
from tunescope.measures.geometry.hulls.preparation import PreparedPoints, prepare
from tunescope.measures.geometry.hulls.second_opinion import common_point_or_plane

# Factorisation


def start_factorisation(n_rows: int) -> Factorisation:
    factors = new_factorisation(n_rows)
    factors.residual[0] = 1.0
    return factors


def check_factorisation(factors: Factorisation, columns: list[np.ndarray], atol: float) -> None:
    """Compare with the factorisation and the least-squares solution of numpy."""
    n, matrix = len(columns), np.array(columns).T
    unit = np.eye(len(factors.residual))[0]
    basis = factors.basis[:n]
    assert np.abs(basis @ basis.T - np.eye(n)).max() <= 1e-12
    assert np.abs(basis.T @ np.tril(factors.triangle[:n, :n]).T - matrix).max() <= atol * np.abs(matrix).max()
    orthogonal = np.linalg.qr(matrix)[0]
    expected = unit - orthogonal @ (orthogonal.T @ unit)
    assert np.abs(factors.residual - expected).max() <= atol
    solution = np.empty(len(unit))
    solve(factors, n, solution)
    assert matrix @ solution[:n] == pytest.approx(unit - expected, abs=atol)


@pytest.mark.parametrize(("n_rows", "seed"), [(2, 0), (5, 1), (12, 2), (40, 3)])
def test_a_factorisation_follows_its_columns(n_rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    factors, columns = start_factorisation(n_rows), []
    for _ in range(150):
        if columns and (len(columns) == n_rows - 1 or rng.random() < 0.45):
            place = int(rng.integers(len(columns)))
            remove_column(factors, len(columns), place)
            del columns[place]
        else:
            column = rng.normal(size=n_rows)
            assert append_column(factors, len(columns), column.copy())
            columns.append(column)
        refresh_residual(factors, len(columns))
        if columns:
            check_factorisation(factors, columns, atol=1e-9)
    while columns:
        remove_column(factors, len(columns), 0)
        del columns[0]
    assert factors.residual == pytest.approx(np.eye(n_rows)[0], abs=1e-12)


def test_a_column_that_depends_on_the_others_is_refused() -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(3, 8))
    factors = start_factorisation(8)
    for n, column in enumerate(columns):
        assert append_column(factors, n, column.copy())
    assert not append_column(factors, 3, columns[1].copy())
    assert not append_column(factors, 3, 1e5 * (columns[0] - 3 * columns[2]))
    assert append_column(factors, 3, columns[0] + 1e-6 * rng.normal(size=8))
    assert np.abs(factors.basis[:4] @ factors.basis[:4].T - np.eye(4)).max() <= 1e-9


def test_the_basis_of_nearly_dependent_columns_is_orthonormal() -> None:
    rng = np.random.default_rng(1)
    common, factors = rng.normal(size=20), start_factorisation(20)
    for n in range(15):
        assert append_column(factors, n, common + 1e-7 * rng.normal(size=20))
    assert np.abs(factors.basis[:15] @ factors.basis[:15].T - np.eye(15)).max() <= 1e-12


def test_columns_of_all_directions_leave_nothing() -> None:
    factors = start_factorisation(6)
    for n, column in enumerate(np.random.default_rng(2).normal(size=(6, 6))):
        assert append_column(factors, n, column.copy())
    assert np.abs(factors.residual).max() <= 1e-13


# Two hulls


def cloud_pairs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs far apart, nearly touching, and overlapping; large ones too, of which only some points are looked at."""
    rng = np.random.default_rng(4)
    for n, d, shift in ((3, 1, 1.0), (10, 3, 1.5), (12, 8, 1.0), (20, 20, 0.3), (400, 3, 3.0), (400, 3, 9.0)):
        for _ in range(5):
            yield rng.normal(size=(n, d)) + shift * np.eye(d)[0], rng.normal(size=(n + 2, d))


def test_the_second_opinion_is_right_and_proven() -> None:
    counts = [0, 0]
    for a, b in cloud_pairs():
        scale = extent(np.vstack([a, b]))
        direction, meeting = common_point_or_plane(a, b, (np.array([0]), np.array([0, 0])), scale)
        assert (direction is None) != (meeting is None)
        assert hulls_overlap(a, b) == (direction is None)
        counts[direction is None] += 1
        if direction is not None:
            assert (a @ direction).min() > (b @ direction).max()
        if meeting is not None:
            own, other = meeting
            assert (own.shape, other.shape) == (a.shape[:1], b.shape[:1])
            assert min(own.min(), other.min()) >= 0
            assert own.sum() == pytest.approx(1, abs=1e-12)
            assert other.sum() == pytest.approx(1, abs=1e-12)
            assert np.linalg.norm(own @ a - other @ b) <= 1e-9 * scale
    assert min(counts) >= 5


@pytest.mark.parametrize(("shift", "meets"), [(1.0, True), (1.0 + 1e-6, False), (0.5, True), (3.0, False)])
def test_the_second_opinion_on_squares(shift: float, meets: bool) -> None:
    square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    seeds = np.arange(1), np.arange(1)
    direction, meeting = common_point_or_plane(np.add(square, (shift, 0.25)), square, seeds, 1.0)
    assert (meeting is not None) == meets
    assert (direction is None) == meets


def test_weights_of_two_means_are_paired_up() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        n, m, d = rng.integers(1, 9, size=3)
        own, other = (rng.dirichlet(np.ones(size)) for size in (n, m))
        if n > 2:
            own[rng.integers(n)] = 0
            own /= own.sum()
        a, b = rng.normal(size=(n, d)), rng.normal(size=(m, d))
        first, second, weights = pair_up(own, other)
        assert len(first) == len(second) == len(weights) <= n + m - 1
        assert (weights > 0).all()
        assert weights.sum() == pytest.approx(1)
        assert np.bincount(first, weights, n) == pytest.approx(own, abs=1e-12)
        assert np.bincount(second, weights, m) == pytest.approx(other, abs=1e-12)
        assert weights @ (a[first] - b[second]) == pytest.approx(own @ a - other @ b, abs=1e-12)


def test_a_bad_guess_of_the_direction_does_not_matter() -> None:
    rng = np.random.default_rng(6)
    for _ in range(30):
        points = rng.normal(size=(24, 6))
        points[:12] += rng.uniform(0, 4)
        points -= points.mean(0)
        goal = distance_goal(extent(points), 6)
        first, second = np.arange(12), np.arange(12, 24)
        guesses = (points[:12].mean(0) - points[12:].mean(0), rng.normal(size=6), np.zeros(6))
        found = [measure_pair(points, first, second, goal, guess) for guess in guesses]
        assert len({each.status for each in found}) == 1
        if found[0].status != OVERLAP:
            uppers = [each.upper for each in found]
            assert uppers == pytest.approx([uppers[0]] * 3, rel=1e-6, abs=1e-9 * goal.scale)
            assert all(is_precise(each.lower, each.upper, goal.scale) for each in found)


# Depth


def regular_simplex(d: int) -> np.ndarray:
    """Corners of a regular simplex about the origin with the inradius 1."""
    corners = np.eye(d + 1) - 1 / (d + 1)
    inside = np.linalg.svd(corners)[2][:d]
    return d * (corners @ inside.T) / np.linalg.norm(corners[0])


@pytest.mark.parametrize("d", [1, 2, 3, 8, 25])
def test_the_depth_of_a_simplex_is_its_inradius(d: int) -> None:
    points = np.vstack([regular_simplex(d), np.zeros(d)]) * 3 + 7
    corners = np.arange(d + 1), np.full(d + 1, d + 1)
    bounds = overlap_depth(points, np.arange(d + 1), np.array([d + 1]), corners, np.full(d + 1, 1 / (d + 1)))
    assert bounds == pytest.approx((3, 3))


def test_the_depth_of_a_point_near_a_face() -> None:
    points = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [1.0, 0.25]])
    weights = np.array([0.6875, 0.25, 0.0625])
    bounds = overlap_depth(points, np.arange(3), np.array([3]), (np.arange(3), np.full(3, 3)), weights)
    assert bounds == pytest.approx((0.25, 0.25))


def test_hulls_that_meet_without_an_inside_have_no_depth_from_below() -> None:
    cross = np.array([[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 1.0, 0.0]])
    corners, weights = (np.array([0, 1]), np.array([2, 3])), np.array([0.5, 0.5])
    bounds = overlap_depth(cross, np.array([0, 1]), np.array([2, 3]), corners, weights)
    assert bounds == pytest.approx((0, 0))


def test_the_bounds_of_the_depth_hold() -> None:
    """Less than the lower bound takes no two hulls apart; the upper bound does along some direction."""
    rng = np.random.default_rng(7)
    n_inside = 0
    for _ in range(60):
        d = int(rng.integers(1, 8))
        points = rng.normal(size=(8 * d, d))
        first, second = np.split(rng.permutation(len(points)), 2)
        found = measure_pair(points, first, second, distance_goal(extent(points), d), np.ones(d))
        if found.status != OVERLAP:
            continue
        lower, upper = overlap_depth(points, first, second, (found.first, found.second), found.weights)
        assert 0 <= lower <= upper * (1 + 1e-9)
        n_inside += lower > 0
        for _ in range(5):
            shift = rng.normal(size=d)
            shift *= 0.99 * lower / np.linalg.norm(shift)
            assert hull_distance(points[first] + shift, points[second]).status == "overlap"
    assert n_inside > 30


# Preparation


def check_prepared(found: PreparedPoints, vectors: np.ndarray, label: np.ndarray) -> None:
    """Check everything that holds whatever the vectors are."""
    exact = vectors.astype(np.float64)
    assert found.points.flags.c_contiguous
    assert found.points.dtype == np.float64
    assert found.scale == pytest.approx(extent(exact))
    tolerance = 1e-6 * found.scale
    np.testing.assert_array_equal(found.label[found.row], label)
    np.testing.assert_array_equal(exact[found.first_example[found.row]], exact)
    np.testing.assert_array_equal(np.bincount(found.row), found.sizes)
    np.testing.assert_array_equal(
        found.first_example, [np.argmax(found.row == r) for r in range(len(found.sizes))]
    )
    np.testing.assert_array_equal(found.start, np.searchsorted(found.label, np.arange(label.max() + 2)))
    for p, rows in enumerate(found.rows_of_label):
        assert (found.label[rows] == p).all()
        assert (np.diff(found.first_example[rows]) > 0).all()
    if found.basis is not None:
        rank = found.basis.shape[1]
        assert found.basis.T @ found.basis == pytest.approx(np.eye(rank), abs=1e-9)
    assert found.take(vectors) == pytest.approx(found.points[found.row], abs=1e-12 * found.scale)
    assert found.lift(found.points) + found.mean == pytest.approx(exact[found.first_example], abs=tolerance)
    n_labels = label.max() + 1
    rows = {tuple(row) for row in exact.tolist()}
    carried = {row: set(label[(exact == row).all(1)].tolist()) for row in rows}
    own = [carried[tuple(row)] for row in exact[found.first_example].tolist()]
    np.testing.assert_array_equal(found.has_twin, [len(each) > 1 for each in own])
    together = np.zeros((n_labels, n_labels), bool)
    for each in own:
        together[np.ix_(list(each), list(each))] = True
    np.fill_diagonal(together, False)
    np.testing.assert_array_equal(found.shares_point, together)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(("n", "d", "rank"), [(60, 3, 3), (60, 8, 8), (60, 8, 4), (10, 30, 30), (30, 12, 1)])
def test_points_are_prepared(n: int, d: int, rank: int, dtype: type) -> None:
    rng = np.random.default_rng(n + d + rank)
    points = rng.integers(-2, 3, size=(n, rank)) @ rng.integers(-2, 3, size=(rank, d))
    vectors = (points if rank < d else rng.integers(-1, 2, size=(n, d))).astype(dtype)
    vectors[n // 2 :: 3] = vectors[: len(vectors[n // 2 :: 3])]
    label = np.r_[:3, rng.integers(0, 3, n - 3)]
    found = prepare(vectors, label)
    check_prepared(found, vectors, label)
    assert found.points.shape[1] == np.linalg.matrix_rank(
        vectors.astype(float) - vectors.mean(0, dtype=float)
    )


def test_equal_points_of_a_label_are_one_row_and_those_of_two_are_twins() -> None:
    vectors = np.array([[2.0, 1.0], [0.0, 0.0], [2.0, 1.0], [2.0, 1.0], [2.0, 3.0], [0.0, 0.0]])
    label = np.array([1, 0, 1, 0, 2, 0])
    found = prepare(vectors, label)
    check_prepared(found, vectors, label)
    np.testing.assert_array_equal(found.first_example, [1, 3, 0, 4])
    np.testing.assert_array_equal(found.sizes, [2, 1, 2, 1])
    np.testing.assert_array_equal(found.row, [2, 0, 2, 1, 3, 0])
    np.testing.assert_array_equal(found.has_twin, [False, True, True, False])
    assert np.argwhere(found.shares_point).tolist() == [[0, 1], [1, 0]]
    np.testing.assert_array_equal(found.points[1], found.points[2])


def test_twins_are_equal_to_the_last_bit_whatever_is_projected() -> None:
    rng = np.random.default_rng(8)
    half = rng.normal(size=(40, 12)) @ rng.normal(size=(12, 90))
    found = prepare(np.vstack([half, half]), np.repeat([0, 1], 40))
    assert found.points.shape[1] == 12
    assert found.has_twin.all()
    np.testing.assert_array_equal(found.points[:40], found.points[40:])


def test_both_zeros_are_one_number() -> None:
    vectors = np.array([[0.0, 1.0], [-0.0, 1.0], [3.0, -0.0], [3.0, 0.0]])
    found = prepare(vectors, np.array([0, 0, 0, 1]))
    np.testing.assert_array_equal(found.sizes, [2, 1, 1])
    np.testing.assert_array_equal(found.has_twin, [False, True, True])


def test_constant_vectors() -> None:
    found = prepare(np.full((4, 3), 0.1), np.array([0, 1, 0, 1]))
    np.testing.assert_array_equal(found.sizes, [2, 2])
    assert found.has_twin.all()
    assert found.points.shape == (2, 1)
    assert np.abs(found.points).max() <= 1e-15
    single = prepare(np.array([[5.0, 1.0]]), np.array([0]))
    assert (single.scale, single.points.tolist()) == (1.0, [[0.0]])


def test_directions_within_the_rounding_of_the_input_are_left_out() -> None:
    rng = np.random.default_rng(9)
    vectors = rng.normal(size=(50, 6))
    vectors[:, 5] = 2 - vectors[:, :5].sum(1) + 1e-9 * rng.normal(size=50)  # as layer norm leaves them
    assert prepare(vectors, np.arange(50) % 2).points.shape[1] == 5
    vectors[:, 5] += 1e-3 * rng.normal(size=50)
    assert prepare(vectors, np.arange(50) % 2).basis is None


def test_distances_survive_the_preparation() -> None:
    rng = np.random.default_rng(10)
    for n, d in ((20, 5), (20, 19), (20, 20), (20, 50)):
        vectors = (rng.normal(size=(n, d)) + 100).astype(np.float32)
        found = prepare(vectors, np.arange(n) % 2)
        points = found.points[found.row]
        exact = vectors.astype(float)
        expected = np.linalg.norm(exact[:, None] - exact[None], axis=2)
        assert np.linalg.norm(points[:, None] - points[None], axis=2) == pytest.approx(expected, abs=1e-10)
        assert points.shape[1] == min(d, n - 1)


# Linkage

Step = tuple[int, int, bool]


def naive_steps(
    points: np.ndarray,
    label: np.ndarray,
    order: np.ndarray,
    sizes: np.ndarray,
    movable: np.ndarray,
    refuse: int,
) -> list[Step]:
    """Treat the nearest pairs by the definition; every ``refuse``-th is forbidden, with all that it grows into."""
    clusters = {row: [row] for row in range(len(points))}
    rejected = np.zeros((len(points), len(points)), bool)
    tie = 1e-12 * extent(points) ** 2
    steps: list[Step] = []
    while True:
        pairs = {}
        for i, j in combinations(sorted(clusters, key=lambda row: order[row]), 2):
            p, q = clusters[i], clusters[j]
            if label[i] != label[j] or not (movable[i] and movable[j]) or rejected[np.ix_(p, q)].any():
                continue
            centroids = [np.average(points[each], axis=0, weights=sizes[each]) for each in (p, q)]
            pairs[order[i], order[j]] = (i, j, float(((centroids[0] - centroids[1]) ** 2).sum()))
        if not pairs:
            return steps
        smallest = min(square for _, _, square in pairs.values())
        i, j, _ = pairs[min(key for key, (_, _, square) in pairs.items() if square <= smallest + tie)]
        steps.append((i, j, len(steps) % refuse != refuse - 1))
        if steps[-1][2]:
            clusters[i] += clusters.pop(j)
        else:
            rejected[np.ix_(clusters[i], clusters[j])] = True
            rejected[np.ix_(clusters[j], clusters[i])] = True


def linkage_case(seed: int, kind: str) -> tuple[np.ndarray, ...]:
    """Draw points sorted by label, where they stood before, their sizes, and which may merge."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 31)), int(rng.integers(1, 5))
    points = rng.normal(size=(n, d)) if kind == "gaussian" else rng.integers(-2, 3, size=(n, d)).astype(float)
    label = np.unique(rng.integers(0, 3, n), return_inverse=True)[1]
    order = np.argsort(label, kind="stable")
    sizes = rng.integers(1, 4, n).astype(float) if kind == "weighted" else np.ones(n)
    movable = rng.random(n) < 0.9
    points -= points.mean(0)
    return points[order], label[order], order, sizes, movable


@pytest.mark.parametrize("max_memory", [0, 2**20])
@pytest.mark.parametrize("kind", ["gaussian", "grid", "weighted"])
def test_clusters_merge_in_the_order_of_the_definition(kind: str, max_memory: int) -> None:
    n_refused = 0
    for seed in range(30):
        points, label, order, sizes, movable = linkage_case(seed, kind)
        refuse = 2 + seed % 4 if seed % 5 else 10**6
        expected = naive_steps(points, label, order, sizes, movable, refuse)
        linkage = new_linkage(points, label, order, sizes, movable, max_memory=max_memory)
        assert bool(linkage.squares.size) == (max_memory > 0)
        scale = extent(points)
        for i, j, merges in expected:
            assert closest_pair(linkage, scale) == (i, j)
            if merges:
                merge(linkage, i, j)
            elif linkage.counts[0] < len(linkage.forbidden):
                forbid(linkage, i, j)
            else:  # the caller makes room
                linkage = linkage._replace(forbidden=np.vstack([linkage.forbidden, linkage.forbidden]))
                forbid(linkage, i, j)
            n_refused += not merges
        assert closest_pair(linkage, scale) == (-1, -1)
    assert n_refused > 50


def test_a_merged_cluster_knows_its_members_its_size_and_its_centroid() -> None:
    rng = np.random.default_rng(11)
    points, sizes = rng.normal(size=(9, 3)), rng.integers(1, 5, 9)
    label, order = np.repeat([0, 1], [5, 4]), np.arange(9)
    linkage = new_linkage(points, label, order, sizes, np.ones(9, bool), max_memory=2**20)
    for i, j in ((5, 7), (6, 8), (5, 6), (0, 3)):
        merge(linkage, i, j)
    rows = np.full(9, -1)
    assert members(linkage, 5, rows, 0) == 4
    assert sorted(rows[:4].tolist()) == [5, 6, 7, 8]
    assert members(linkage, 0, rows, 4) == 6
    assert sorted(rows[4:6].tolist()) == [0, 3]
    assert linkage.cluster.tolist() == [0, 1, 2, 0, 4, 5, 5, 5, 5]
    assert np.flatnonzero(linkage.active).tolist() == [0, 1, 2, 4, 5]
    assert linkage.sizes[5] == sizes[5:].sum()
    assert linkage.centroids[5] == pytest.approx(np.average(points[5:], axis=0, weights=sizes[5:]))


def test_a_merged_pair_can_be_nearer_to_a_third_than_its_parts_were_to_each_other() -> None:
    points = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 1.9]])
    linkage = new_linkage(
        points, np.zeros(3, int), np.arange(3), np.ones(3), np.ones(3, bool), max_memory=2**20
    )
    assert closest_pair(linkage, 1.0) == (0, 1)
    merge(linkage, 0, 1)
    assert closest_pair(linkage, 1.0) == (0, 2)
    assert linkage.nearest_square[0] == pytest.approx(1.9**2)


# The nearest hull


def test_the_nearest_hull_is_found() -> None:
    rng = np.random.default_rng(12)
    n_inside = 0
    for _ in range(60):
        d, n_clusters = int(rng.integers(1, 9)), int(rng.integers(1, 7))
        cluster = np.sort(np.r_[np.arange(n_clusters), rng.integers(0, n_clusters, 8 * n_clusters)])
        points = rng.normal(size=(len(cluster) + 5, d))
        points[: len(cluster)] += 1.5 * rng.normal(size=(n_clusters, d))[cluster]
        start = np.searchsorted(cluster, np.arange(n_clusters + 1))
        blocks = [points[start[k] : start[k + 1]] for k in range(n_clusters)]
        centroids = np.array([block.mean(0) for block in blocks])
        radii = np.array(
            [np.linalg.norm(block - c, axis=1).max() for block, c in zip(blocks, centroids, strict=True)]
        )
        scale = float(np.linalg.norm(points, axis=1).max())
        rows, goal, active = np.arange(len(cluster)), distance_goal(scale, d), new_active_set(d)
        for query in range(len(cluster), len(points)):
            best, distance = nearest_hull(points, query, rows, start, centroids, radii, goal, active)
            expected = [hull_distance(points[query][None], block).distance for block in blocks]
            assert distance == pytest.approx(min(expected), rel=2e-6, abs=1e-9 * scale)
            assert expected[best] == pytest.approx(distance, rel=2e-6, abs=1e-9 * scale)
            inside = [k for k, each in enumerate(expected) if each == 0]
            if inside:
                away = np.linalg.norm(centroids - points[query], axis=1)
                assert best == min(inside, key=lambda k: away[k])
                assert distance == 0
                n_inside += 1
    assert n_inside > 10


def test_the_nearest_of_two_points() -> None:
    points = np.array([[0.0, 0.0], [6.0, 8.0], [3.0, 3.5]])
    best, distance = nearest_hull(
        points,
        2,
        np.arange(2),
        np.arange(3),
        points[:2],
        np.zeros(2),
        distance_goal(10.0, 2),
        new_active_set(2),
    )
    assert best == 0
    assert distance == pytest.approx(math.hypot(3, 3.5))
