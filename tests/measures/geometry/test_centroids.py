from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.geometry.centroids import (
    _shifts,
    centroid_path,
    centroid_shift,
    centroid_shift_estimates,
    label_centroids,
)
from tunescope.measures.intervals import half_samples


def naive_shift(base: np.ndarray, tuned: np.ndarray) -> float:
    spread = math.sqrt(np.mean([np.sum((row - base.mean(0)) ** 2) for row in base]))
    return float(np.linalg.norm(tuned.mean(0) - base.mean(0)) / spread)


@pytest.fixture
def states(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    labels = rng.choice(["noun", "verb", "adj"], 90)
    base = rng.normal(size=(90, 5)) + 3
    return base, base + rng.normal(size=(90, 5)) + 0.5, labels, np.arange(90) // 3


def test_centroids_are_means_by_label(states: tuple[np.ndarray, ...]) -> None:
    base, _, labels, _ = states
    names, centroids = label_centroids(base, labels)
    assert names == ("adj", "noun", "verb")
    assert centroids == pytest.approx(np.array([base[labels == name].mean(0) for name in names]))


def test_the_shift_by_its_formula_on_all_and_on_every_subset(
    states: tuple[np.ndarray, ...], rng: np.random.Generator
) -> None:
    base, tuned, labels, sentences = states
    shifts = centroid_shift(base, tuned, labels)
    assert list(shifts) == ["adj", "noun", "verb"]
    for label, shift in shifts.items():
        assert shift == pytest.approx(naive_shift(base[labels == label], tuned[labels == label]))
    halves = half_samples(sentences, 6, rng)
    together = _shifts(base, tuned, halves.T.astype(float))
    assert together == pytest.approx([naive_shift(base[half], tuned[half]) for half in halves])


@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-50, 50))
def test_moving_scaling_and_turning_both_states_alike_changes_nothing(
    seed: int, scale: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    base, tuned = rng.normal(size=(2, 12, 4))
    labels = np.repeat([0, 1, 2], 4)
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    expected = centroid_shift(base, tuned, labels)
    moved = centroid_shift(scale * base @ rotation + shift, scale * tuned @ rotation + shift, labels)
    assert moved == pytest.approx(expected)
    assert list(expected) == ["0", "1", "2"]


def test_the_estimates_agree_with_the_function(
    states: tuple[np.ndarray, ...], rng: np.random.Generator
) -> None:
    base, tuned, labels, sentences = states
    estimates = centroid_shift_estimates(base, tuned, labels, sentences, rng=rng)
    for label, shift in centroid_shift(base, tuned, labels).items():
        assert estimates[label].value == pytest.approx(shift)
        assert 0 <= estimates[label].low <= shift <= estimates[label].high
        assert estimates[label].n_sentences == len(set(sentences[labels == label]))


def test_no_shift_is_not_mistaken_for_one(rng: np.random.Generator) -> None:
    """The figure is above 0 by noise alone; the interval reaches down to 0."""
    base, tuned = rng.normal(size=(2, 200, 64))
    estimate = centroid_shift_estimates(base, tuned, np.zeros(200, int), np.arange(200) // 5, rng=rng)["0"]
    assert estimate.value > 0.05
    assert estimate.low == 0


def test_labels_without_spread_are_nan_with_a_status(rng: np.random.Generator) -> None:
    base = rng.normal(size=(12, 3))
    base[1:4] = base[1]
    labels = np.array(["single"] + ["equal"] * 3 + ["fine"] * 8)
    shifts = centroid_shift(base, base + 1, labels)
    assert [math.isnan(shifts[name]) for name in ("single", "equal", "fine")] == [True, True, False]
    estimates = centroid_shift_estimates(base, base + 1, labels, np.arange(12), rng=rng)
    assert "single example" in estimates["single"].status
    assert "all equal" in estimates["equal"].status
    assert estimates["fine"].has_interval


def test_states_must_fit(rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match="different hidden sizes"):
        centroid_shift(np.ones((3, 2)), np.ones((3, 4)), np.arange(3))
    with pytest.raises(InputError, match="labels has the wrong shape"):
        centroid_shift(np.ones((3, 2)), np.ones((3, 2)), np.arange(2))


def test_the_path_keeps_distances_in_a_plane_and_ignores_rotations(rng: np.random.Generator) -> None:
    labels = np.array(["a", "a", "b", "c"])
    plane = rng.normal(size=(3, 4, 2))
    embedding = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    steps = [np.pad(step, ((0, 0), (0, 4))) @ embedding for step in plane]
    path = centroid_path(steps, labels)
    assert path.labels == ("a", "b", "c")
    assert path.coordinates.shape == (3, 3, 2)
    assert path.variance_explained == pytest.approx(1)
    true = np.array([label_centroids(step, labels)[1] for step in plane]).reshape(9, 2)
    found = path.coordinates.reshape(9, 2)
    assert np.linalg.norm(found[0] - found[5]) == pytest.approx(np.linalg.norm(true[0] - true[5]))
    turned = centroid_path([step @ embedding for step in steps], labels)
    assert turned.coordinates == pytest.approx(path.coordinates)


def test_paths_in_one_dimension_and_without_movement(rng: np.random.Generator) -> None:
    line = centroid_path([np.array([[0.0], [2.0]])], np.array(["a", "b"]))
    assert line.coordinates[0] == pytest.approx(np.array([[1.0, 0.0], [-1.0, 0.0]]))
    still = centroid_path([np.ones((2, 3))] * 2, np.array(["a", "a"]))
    assert math.isnan(still.variance_explained)
    assert not still.coordinates.any()


def test_steps_must_have_one_shape() -> None:
    for steps in ([], [np.ones((2, 2)), np.ones((3, 2))]):
        with pytest.raises(InputError, match="vectors_per_step"):
            centroid_path(steps, np.array(["a", "b"]))
