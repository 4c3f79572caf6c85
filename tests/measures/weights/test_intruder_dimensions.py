from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.weights.intruder_dimensions import IntruderDimensions, intruder_dimensions

NAME = "h.0.mlp.weight"
SHAPES = pytest.mark.parametrize("shape", [(24, 24), (60, 20), (20, 60)])


def _intruders(
    base: np.ndarray, tuned: np.ndarray, k: int = 10, threshold: float = 0.5
) -> IntruderDimensions:
    return intruder_dimensions({NAME: base}, {NAME: tuned}, k=k, threshold=threshold)[NAME]


def _matrix(
    rng: np.random.Generator, shape: tuple[int, int], *, low: float = 1, high: float = 20
) -> np.ndarray:
    """A matrix with well separated singular values."""
    side = min(shape)
    left, right = (np.linalg.qr(rng.normal(size=(n, side)))[0] for n in shape)
    return left * np.linspace(high, low, side) @ right.T


def naive_max_cosines(base: np.ndarray, tuned: np.ndarray, k: int) -> list[float]:
    before, after = (np.linalg.svd(w, full_matrices=False)[0] for w in (base, tuned))
    return [max(abs(float(y @ x)) for x in before.T) for y in after.T[:k]]


def _new_direction(base: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A unit vector outside what the columns of a tall matrix span."""
    vector = rng.normal(size=len(base))
    span = np.linalg.qr(base)[0]
    vector -= span @ (span.T @ vector)
    return vector / np.linalg.norm(vector)


@SHAPES
def test_the_definition(shape: tuple[int, int], rng: np.random.Generator) -> None:
    base = _matrix(rng, shape)
    tuned = base + 0.6 * rng.normal(size=shape)
    expected = naive_max_cosines(base, tuned, 8)
    between = sum(sorted(expected)[2:4]) / 2
    found = _intruders(base, tuned, k=8, threshold=between)
    assert found.max_cosines == pytest.approx(expected, abs=1e-9)
    assert found.count == 3
    before, after = (np.linalg.svd(w, full_matrices=False)[0][:, :8] for w in (base, tuned))
    assert found.in_top_space == pytest.approx(np.linalg.norm(before.T @ after, axis=0), abs=1e-9)
    assert found.singular_values == pytest.approx(np.linalg.svd(tuned)[1][:8])


@pytest.mark.parametrize("strength", [30.0, 15.2])
def test_planted_intruders_are_found_where_they_rank(strength: float, rng: np.random.Generator) -> None:
    base = _matrix(rng, (60, 20))
    update = strength * np.outer(_new_direction(base, rng), np.linalg.svd(base)[2][19])
    found = _intruders(base, base + update)
    rank = int(np.count_nonzero(np.linspace(20, 1, 20) > strength))
    assert found.count == 1
    assert np.flatnonzero(found.max_cosines < 0.5).tolist() == [rank]
    assert found.max_cosines[rank] < 0.1
    assert found.in_top_space[rank] < 0.1
    assert np.delete(found.max_cosines, rank) == pytest.approx(1)


def test_a_square_matrix_is_intruded_by_a_mixture_of_all_its_directions(rng: np.random.Generator) -> None:
    """Its left singular vectors span everything, so that a new one is like none of them rather than outside."""
    base = _matrix(rng, (64, 64))
    mixture = np.linalg.svd(base)[0] @ np.full(64, 1 / 8)
    found = _intruders(base, base + 200 * np.outer(mixture, rng.normal(size=64) / 8))
    assert found.count == 1
    assert found.max_cosines[0] < 0.3
    assert found.in_top_space[0] < 0.7


def test_low_rank_updates_intrude_and_spread_ones_of_the_same_size_do_not(rng: np.random.Generator) -> None:
    base = _matrix(rng, (100, 60), high=100)
    low_rank = rng.normal(size=(100, 4)) @ rng.normal(size=(4, 60))
    low_rank *= 300 / np.linalg.norm(low_rank)
    spread = rng.normal(size=(100, 60))
    spread *= 300 / np.linalg.norm(spread)
    assert _intruders(base, base + low_rank).count == 4
    assert _intruders(base, base + 0.05 * spread).count == 0


@SHAPES
def test_no_change_and_tiny_noise_have_none(shape: tuple[int, int], rng: np.random.Generator) -> None:
    base = _matrix(rng, shape)
    for tuned in (base, base + 1e-3 * rng.normal(size=shape), base.astype(np.float32), -base):
        found = _intruders(base, tuned)
        assert found.count == 0
        assert found.max_cosines == pytest.approx(1, abs=1e-4)
        assert found.in_top_space == pytest.approx(1, abs=1e-4)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_invariance_and_range(seed: int, scale: float, other_scale: float) -> None:
    rng = np.random.default_rng(seed)
    base = _matrix(rng, (12, 8))
    tuned = base + 0.5 * rng.normal(size=(12, 8))
    left, right = (np.linalg.qr(rng.normal(size=(n, n)))[0] for n in (12, 8))
    expected = _intruders(base, tuned, k=5)
    moved = _intruders(scale * left @ base @ right, other_scale * left @ tuned @ right, k=5)
    assert moved.max_cosines == pytest.approx(expected.max_cosines, abs=1e-8)
    assert moved.in_top_space == pytest.approx(expected.in_top_space, abs=1e-8)
    assert moved.singular_values == pytest.approx(other_scale * expected.singular_values)
    assert ((expected.max_cosines >= 0) & (expected.max_cosines <= 1)).all()
    assert (expected.max_cosines <= expected.in_top_space + 1e-9)[expected.max_cosines > 0.8].all()


def test_within_equal_singular_values_the_top_space_tells_mixtures_from_intruders(
    rng: np.random.Generator,
) -> None:
    """Tiny noise mixes ten directions of equal size: no cosine is near 1, and yet nothing new came."""
    left, right = (np.linalg.qr(rng.normal(size=(n, 20)))[0] for n in (60, 20))
    base = left * np.repeat([10.0, 1.0], 10) @ right.T
    mixed = _intruders(base, base + 1e-3 * rng.normal(size=(60, 20)), threshold=0.9)
    assert mixed.count > 3
    assert mixed.in_top_space == pytest.approx(1, abs=1e-3)
    planted = base + 30 * np.outer(_new_direction(base, rng), right[:, 15])
    assert _intruders(base, planted).in_top_space[0] < 0.1


def test_half_precision_extreme_scales_and_several_blocks(rng: np.random.Generator) -> None:
    base = (_matrix(rng, (9000, 6)) * 100).astype(np.float16)
    tuned = base + rng.normal(size=base.shape).astype(np.float16)
    expected = naive_max_cosines(base.astype(float), tuned.astype(float), 6)
    assert _intruders(base, tuned).max_cosines == pytest.approx(expected, abs=1e-6)
    wide = _matrix(rng, (6, 9000))
    assert _intruders(wide * 1e-170, wide * 1e170).max_cosines == pytest.approx(1)


def test_directions_without_size_are_left_out(rng: np.random.Generator) -> None:
    """Where the base has no size, its singular vectors are arbitrary, and a new direction there is an intruder."""
    base = np.diag([5.0, 4, 3, 0, 0])
    found = _intruders(base, np.diag([5.0, 4, 3, 8, 0]))
    assert found.max_cosines == pytest.approx([0, 1, 1, 1], abs=1e-12)
    assert found.in_top_space == pytest.approx([0, 1, 1, 1], abs=1e-12)
    assert found.singular_values == pytest.approx([8, 5, 4, 3])
    assert found.count == 1
    tall = np.zeros((9, 3))
    tall[:3] = np.diag([3.0, 2, 0])
    assert _intruders(tall, tall).max_cosines == pytest.approx([1, 1])


def test_every_matrix_and_nothing_else_is_looked_at(rng: np.random.Generator) -> None:
    base = {
        "bert.embeddings.word_embeddings.weight": rng.normal(size=(9, 4)),
        "bert.encoder.layer.0.dense.weight": rng.normal(size=(3, 4)),
        "bert.encoder.layer.0.dense.bias": np.ones(3),
    }
    tuned = {name.removeprefix("bert."): w * 2 for name, w in base.items()}
    found = intruder_dimensions(base, tuned | {"classifier.weight": np.ones((2, 4))})
    assert list(found) == ["embeddings.word_embeddings.weight", "encoder.layer.0.dense.weight"]
    assert [each.count for each in found.values()] == [0, 0]


def test_undefined_figures_are_nan_with_a_status(rng: np.random.Generator) -> None:
    base = rng.normal(size=(3, 4))
    broken = base.copy()
    broken[0, 0] = np.nan
    cases = {
        "undefined: a weight is not finite": (base, broken),
        "undefined: the base matrix is zero": (np.zeros((3, 4)), base),
        "undefined: the tuned matrix is zero": (base, np.zeros((3, 4))),
    }
    for status, (before, after) in cases.items():
        found = _intruders(before, after)
        assert math.isnan(found.count)
        assert found.status == status
        assert len(found.max_cosines) == len(found.in_top_space) == len(found.singular_values) == 0


def test_what_does_not_fit_is_refused(rng: np.random.Generator) -> None:
    base = rng.normal(size=(3, 4))
    with pytest.raises(InputError, match="k is too small"):
        _intruders(base, base, k=0)
    for threshold in (0, 1.1, math.nan):
        with pytest.raises(InputError, match="threshold is no cosine"):
            _intruders(base, base, threshold=threshold)
    with pytest.raises(InputError, match="No parameter is a matrix"):
        _intruders(base[0], base[0])
    with pytest.raises(InputError, match="missing in tuned"):
        intruder_dimensions({NAME: base}, {"h.1.mlp.weight": base, "h.0.other": base})
