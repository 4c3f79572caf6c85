from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope.measures.landscape.triangulated_surface import TriangulatedSurface

Point = tuple[float, float]
Triangle = list[tuple[Point, float]]


def _triangles(alphas: np.ndarray, betas: np.ndarray, z: np.ndarray) -> list[Triangle]:
    """All triangles, each as three places with their heights."""
    found = []
    for i in range(len(alphas) - 1):
        for j in range(len(betas) - 1):
            corners = [
                ((float(alphas[i + a]), float(betas[j + b])), float(z[i + a, j + b]))
                for a, b in ((0, 0), (0, 1), (1, 1), (1, 0))
            ]
            middle = (
                (float(alphas[i] + alphas[i + 1]) / 2, float(betas[j] + betas[j + 1]) / 2),
                sum(height for _, height in corners) / 4,
            )
            found += [[corners[k], corners[(k + 1) % 4], middle] for k in range(4)]
    return found


def _area_below(triangle: Triangle, highest: float) -> float:
    """Clip the triangle at the height and take the area of what is left (shoelace formula)."""
    kept: list[Point] = []
    for k in range(3):
        (p, here), (q, there) = triangle[k], triangle[(k + 1) % 3]
        if here <= highest:
            kept.append(p)
        if (here <= highest) != (there <= highest):
            share = (highest - here) / (there - here)
            kept.append((p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])))
    twice = sum(
        kept[k][0] * kept[(k + 1) % len(kept)][1] - kept[(k + 1) % len(kept)][0] * kept[k][1]
        for k in range(len(kept))
    )
    return abs(twice) / 2


def naive_area(alphas: np.ndarray, betas: np.ndarray, z: np.ndarray, start: Point, highest: float) -> float:
    """Spread from a grid point along the edges of the triangles, then add up what lies below in those reached."""
    triangles = [t for t in _triangles(alphas, betas, z) if not np.isnan([h for _, h in t]).any()]
    reached = {start}
    grows = True
    while grows:
        low = [{p for p, h in t if h <= highest} for t in triangles]
        wider = reached.union(*(each for each in low if each & reached))
        grows, reached = wider != reached, wider
    return sum(_area_below(t, highest) for t in triangles if any(p in reached for p, _ in t))


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.2, 0.9), st.booleans())
def test_a_naive_reference_finds_the_same_area(seed: int, highest: float, with_unknown: bool) -> None:
    rng = np.random.default_rng(seed)
    alphas, betas = (np.cumsum(rng.uniform(0.1, 1, size=n)) for n in (6, 5))
    z = rng.uniform(size=(6, 5))
    z[2, 2] = 0.1
    if with_unknown:
        z[0, 1] = np.nan
    start = (float(alphas[2]), float(betas[2]))
    found = TriangulatedSurface(alphas, betas, z).region_around(start, highest)
    assert found.area == pytest.approx(naive_area(alphas, betas, z, start, highest), rel=1e-9)


def test_heights_are_those_of_the_plane_through_the_triangle(rng: np.random.Generator) -> None:
    alphas, betas = np.array([0.0, 1.0, 3.0]), np.array([-1.0, 0.0, 2.0, 2.5])
    z = rng.normal(size=(3, 4))
    surface = TriangulatedSurface(alphas, betas, z)
    for triangle in _triangles(alphas, betas, z):
        weights = rng.dirichlet(np.ones(3))
        places, heights = (np.array(each) for each in zip(*triangle, strict=True))
        place = weights @ places
        assert surface.height_at((float(place[0]), float(place[1]))) == pytest.approx(weights @ heights)
    for i, alpha in enumerate(alphas):
        for j, beta in enumerate(betas):
            assert surface.height_at((alpha, beta)) == z[i, j]


def test_an_unknown_neighbour_does_not_hide_a_grid_point() -> None:
    z = np.array([[np.nan, np.nan, np.nan], [np.nan, 3.0, 5.0], [np.nan, np.nan, np.nan]])
    surface = TriangulatedSurface(np.arange(3.0), np.arange(3.0), z)
    assert surface.height_at((1.0, 1.0)) == 3.0
    assert surface.height_at((1.0, 1.5)) == 4.0
    assert np.isnan(surface.height_at((1.1, 1.5)))


def test_at_a_saddle_the_middle_decides_what_is_connected() -> None:
    """Two low corners across a cell belong together if the mean of the four is low as well."""
    axis = np.arange(2.0)
    for high, is_connected in ((2.5, True), (3.5, False)):
        surface = TriangulatedSurface(axis, axis, np.array([[0.0, high], [high, 0.0]]))
        area = surface.region_around((0.0, 0.0), 1.5).area
        both = surface.region_around((1.0, 1.0), 1.5).area
        assert area == pytest.approx(both)
        whole = sum(_area_below(t, 1.5) for t in _triangles(axis, axis, surface.heights))
        assert area == pytest.approx(whole if is_connected else whole / 2)


def test_a_region_without_slope_fills_its_cells() -> None:
    surface = TriangulatedSurface(np.array([0.0, 2.0, 3.0]), np.array([0.0, 5.0]), np.ones((3, 2)))
    region = surface.region_around((0.5, 0.5), 1.0)
    assert region.area == pytest.approx(15.0)
    assert region.at_border
    assert not region.beside_unknown
