from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.landscape.distance_travelled import DistanceTravelled, distance_travelled

Path = list[np.ndarray]


def _norms(layers: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Norms of steps, displacements and start of layers, each of shape (snapshot, weight)."""
    steps = np.stack([np.linalg.norm(np.diff(w, axis=0), axis=1) for w in layers], axis=1)
    displacements = np.stack([np.linalg.norm(w[1:] - w[0], axis=1) for w in layers], axis=1)
    return steps, displacements, np.array([np.linalg.norm(w[0]) for w in layers])


def _path(rng: np.random.Generator, n_snapshots: int = 6) -> Path:
    return [np.cumsum(rng.normal(size=(n_snapshots, n)), axis=0) for n in (3, 8, 1)]


def test_the_definition_on_explicit_weights(rng: np.random.Generator) -> None:
    layers = _path(rng)
    found = distance_travelled(*_norms(layers))
    for weights, distance in zip([*layers, np.hstack(layers)], [*found.layers, found.total], strict=True):
        length = sum(float(np.linalg.norm(b - a)) for a, b in pairwise(weights))
        net, start = float(np.linalg.norm(weights[-1] - weights[0])), float(np.linalg.norm(weights[0]))
        assert distance.path_length == pytest.approx(length)
        assert distance.net_distance == pytest.approx(net)
        assert distance.directness == pytest.approx(net / length)
        assert distance.relative_path_length == pytest.approx(length / start)
        assert distance.relative_net_distance == pytest.approx(net / start)
        assert distance.status == "ok"


def test_a_straight_line_is_direct_and_a_return_is_not() -> None:
    line = np.outer([1.0, 2.0, 4.0], [3.0, 4.0])
    there_and_back = np.outer([1.0, 2.0, 1.0], [3.0, 4.0])
    found = distance_travelled(*_norms([line, there_and_back]))
    assert (found.layers[0].path_length, found.layers[0].directness) == (pytest.approx(15), pytest.approx(1))
    assert (found.layers[1].path_length, found.layers[1].directness) == (pytest.approx(10), 0.0)


@settings(max_examples=25)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_invariances(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    layers = _path(rng)
    found = distance_travelled(*_norms(layers))
    rotations = [np.linalg.qr(rng.normal(size=(w.shape[1],) * 2))[0] for w in layers]
    moved = distance_travelled(*_norms([scale * w @ r for w, r in zip(layers, rotations, strict=True)]))
    for before, after in zip((found.total, *found.layers), (moved.total, *moved.layers), strict=True):
        assert after.path_length == pytest.approx(scale * before.path_length)
        assert after.directness == pytest.approx(before.directness)
        assert after.relative_net_distance == pytest.approx(before.relative_net_distance)
        assert 0 <= before.directness <= 1
    orders = distance_travelled(*(norms[..., ::-1] for norms in _norms(layers)))
    assert orders.layers == found.layers[::-1]
    assert orders.total.path_length == pytest.approx(found.total.path_length)


def test_layers_that_stand_still_or_start_at_zero_are_said() -> None:
    still, from_zero = np.ones((3, 2)), np.outer([0.0, 1.0, 2.0], [1.0, 0.0])
    found = distance_travelled(*_norms([still, from_zero, 0 * still]))
    assert math.isnan(found.layers[0].directness)
    assert (found.layers[0].path_length, found.layers[0].relative_path_length) == (0.0, 0.0)
    assert found.layers[0].status == "the directness is undefined: the weights did not move"
    assert found.layers[1].directness == 1.0
    assert math.isnan(found.layers[1].relative_net_distance)
    assert found.layers[1].status == "undefined relative to the start: its weights are all zero"
    assert "all zero; the directness is undefined" in found.layers[2].status
    assert found.total.status == "ok"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_diverged_layer_is_undefined_and_so_is_the_total(bad: float, rng: np.random.Generator) -> None:
    steps, displacements, start = _norms(_path(rng))
    steps[3, 1] = bad
    found = distance_travelled(steps, displacements, start)
    for distance in (found.layers[1], found.total):
        assert distance.status == "undefined: a norm is not finite"
        assert math.isnan(distance.path_length)
        assert math.isnan(distance.directness)
    assert found.layers[0].status == found.layers[2].status == "ok"


def test_a_round_trip_as_json(rng: np.random.Generator) -> None:
    found = distance_travelled(*_norms(_path(rng)))
    assert DistanceTravelled.model_validate_json(found.model_dump_json()) == found


def test_bad_input_is_refused(rng: np.random.Generator) -> None:
    steps, displacements, start = _norms(_path(rng))
    with pytest.raises(InputError, match=r"step_norms(.|\n)*\(steps, layers\)"):
        distance_travelled(steps[0], displacements, start)
    with pytest.raises(InputError, match="step_norms"):
        distance_travelled(steps[:0], displacements[:0], start)
    with pytest.raises(InputError, match=r"displacement_norms(.|\n)*\(5, 3\)"):
        distance_travelled(steps, displacements[1:], start)
    with pytest.raises(InputError, match=r"start_norms(.|\n)*\(3,\)"):
        distance_travelled(steps, displacements, start[1:])
    with pytest.raises(InputError, match="dtype"):
        distance_travelled(steps.astype(str), displacements, start)
    with pytest.raises(InputError, match=r"below 0(.|\n)*\(2,\)"):
        distance_travelled(steps, displacements, np.array([1.0, 1.0, -1.0]))
    longer = displacements.copy()
    longer[4, 2] = 2 * steps[:, 2].sum()
    with pytest.raises(InputError, match=r"longer than the path(.|\n)*step 4, layer 2"):
        distance_travelled(steps, longer, start)
