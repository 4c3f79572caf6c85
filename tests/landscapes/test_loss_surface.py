"""Surfaces equal the closed form of a quadratic, and whatever ends the call, the weights are what they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tunescope._core.errors import InputError
from tunescope.landscapes.displacement import displaced
from tunescope.landscapes.example_losses import Measured
from tunescope.landscapes.loss_surface import LossSurface, measure_surface
from tunescope.landscapes.moved_weights import MovedWeights

SIZE = 6


class Quadratic:
    """Rows with losses ½ w'A w + b_row' w, of a module with one matrix and one vector of weights."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        root = rng.normal(size=(SIZE, SIZE))
        self.hessian, self.slopes = root @ root.T, rng.normal(size=(4, SIZE))
        self.module = nn.Linear(2, 2)
        self.weights = MovedWeights(dict(self.module.named_parameters()))
        self.sentence_ids, self.key = np.arange(4) // 2, f"quadratic {seed}"
        self.n_measured = 0
        self.before_measuring: Callable[[int], None] = lambda _: None

    def measure(self) -> Measured:
        self.before_measuring(self.n_measured)
        self.n_measured += 1
        w = np.concatenate([p.detach().double().numpy().ravel() for p in self.module.parameters()])
        losses = self.expected(w)
        return Measured(losses, (losses > 0).astype(float))

    def expected(self, w: np.ndarray) -> np.ndarray:
        return np.asarray(0.5 * w @ self.hessian @ w + self.slopes @ w)


def _vectors(seed: int, n: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(SIZE, generator=generator) for _ in range(n)]


def _bits(module: nn.Module) -> list[bytes]:
    return [parameter.detach().numpy().tobytes() for parameter in module.parameters()]


def _surface(model: Quadratic, n: int = 2, partial: Path | None = None) -> LossSurface:
    origin, *directions = _vectors(0, 1 + n)
    axes = [np.linspace(-1, 2, 5), np.linspace(-0.5, 0.5, 3)][:n]
    return measure_surface(model.weights, origin, directions, axes, {"train": model}, partial=partial)[
        "train"
    ]


@pytest.mark.parametrize("n", [1, 2])
def test_a_quadratic_has_its_closed_form(n: int) -> None:
    model = Quadratic()
    before = _bits(model.module)
    surface = _surface(model, n)
    origin, *directions = (vector.double().numpy() for vector in _vectors(0, 1 + n))
    assert surface.losses.shape == (*(5, 3)[:n], 4)
    for index in np.ndindex(*surface.loss.shape):
        place = [axis[i] for axis, i in zip(surface.axes, index, strict=True)]
        w = origin + sum(each * direction for each, direction in zip(place, directions, strict=True))
        np.testing.assert_allclose(surface.losses[index], model.expected(w), rtol=1e-6, atol=1e-6)
        assert surface.loss[index] == pytest.approx(surface.losses[index].mean())
    assert _bits(model.module) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_weights_are_given_back_whatever_ends_the_call(error: type[BaseException]) -> None:
    model = Quadratic()
    before = _bits(model.module)

    def stop(number: int) -> None:
        if number == 4:
            raise error

    model.before_measuring = stop
    with pytest.raises(error):
        _surface(model)
    assert _bits(model.module) == before
    assert [name for name, _ in model.module.named_parameters()] == ["weight", "bias"]


def test_a_broken_off_grid_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    whole = _surface(Quadratic())
    model = Quadratic()

    def stop(number: int) -> None:
        if number == 7:
            raise KeyboardInterrupt

    model.before_measuring = stop
    with pytest.raises(KeyboardInterrupt):
        _surface(model, partial=tmp_path)
    again = Quadratic()
    resumed = _surface(again, partial=tmp_path)
    assert again.n_measured == 15 - 7
    np.testing.assert_array_equal(resumed.losses, whole.losses)
    np.testing.assert_array_equal(resumed.wrong, whole.wrong)


def test_points_of_other_examples_are_not_taken(tmp_path: Path) -> None:
    _surface(Quadratic(), partial=tmp_path)
    other = Quadratic(seed=1)
    surface = _surface(other, partial=tmp_path)
    assert other.n_measured == 15
    np.testing.assert_array_equal(surface.losses, _surface(Quadratic(seed=1)).losses)


@pytest.mark.parametrize("changed", ["origin", "first direction", "second direction", "axis"])
def test_points_of_another_plane_are_not_taken(changed: str, tmp_path: Path) -> None:
    vectors = dict(zip(("origin", "first direction", "second direction"), _vectors(0, 3), strict=True))
    axes = [np.array([0.0, 1.0]), np.array([0.0, 1.0])]

    def losses(model: Quadratic, partial: Path | None) -> np.ndarray:
        origin, *directions = vectors.values()
        return measure_surface(model.weights, origin, directions, axes, {"train": model}, partial=partial)[
            "train"
        ].losses

    losses(Quadratic(), tmp_path)
    if changed == "axis":
        axes[1] = np.array([0.0, 2.0])
    else:
        vectors[changed] = 2 * vectors[changed]
    model = Quadratic()
    found = losses(model, tmp_path)
    assert model.n_measured == 4
    np.testing.assert_array_equal(found, losses(Quadratic(), None))


def test_weights_of_another_type_are_refused() -> None:
    module = nn.Linear(2, 2).bfloat16()
    weights = MovedWeights(dict(module.named_parameters()))
    with pytest.raises(InputError, match="float32"), displaced(weights, *_vectors(0, 1)):
        pass


def test_losses_that_are_not_finite_are_kept() -> None:
    model = Quadratic()
    measure = model.measure

    def sometimes() -> Measured:
        found = measure()
        if model.n_measured == 3:
            found.losses[1] = np.nan
        return found

    model.measure = sometimes  # type: ignore[method-assign]
    surface = _surface(model)
    assert np.isnan(surface.losses[0, 2]).tolist() == [False, True, False, False]
    assert np.isnan(surface.loss).sum() == 1
    assert np.isfinite(np.delete(surface.loss.ravel(), 2)).all()


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ([np.array([0.0, 1.0])], "one axis for each"),
        ([], "one axis for each"),
        ([np.array([0.0, 1.0]), np.array([1.0, 0.0])], "does not rise"),
        ([np.array([0.0, 1.0]), np.array([])], "empty"),
        ([np.array([0.0, np.nan]), np.array([1.0])], "not finite"),
    ],
)
def test_bad_axes_are_refused(axes: list[np.ndarray], message: str) -> None:
    model = Quadratic()
    origin, *directions = _vectors(0, 3)
    with pytest.raises(InputError, match=message):
        measure_surface(model.weights, origin, directions, axes, {"train": model})


@pytest.mark.parametrize(
    ("directions", "message"),
    [
        ([torch.ones(SIZE)] * 3, "too many directions"),
        ([torch.ones(SIZE - 1)], "does not fit"),
        ([torch.zeros(SIZE)], "length zero"),
        ([torch.full((SIZE,), torch.nan)], "not finite"),
    ],
)
def test_bad_directions_are_refused(directions: list[torch.Tensor], message: str) -> None:
    model = Quadratic()
    before = _bits(model.module)
    with (
        pytest.raises(InputError, match=message),
        displaced(model.weights, torch.zeros(SIZE), directions),
    ):
        pass
    assert _bits(model.module) == before


def test_neighbouring_places_do_not_depend_on_their_order() -> None:
    model = Quadratic()
    origin, *directions = _vectors(0, 3)
    places = [(0.5, 1.0), (0.5, -1.0), (2.0, 1.0), (0.5, 1.0)]
    with displaced(model.weights, origin, directions) as moved:
        found = []
        for place in places:
            moved.move_to(place)
            found.append(_bits(model.module))
        with pytest.raises(ValueError, match="1 coordinates"):
            moved.move_to([1.0])
    assert found[0] == found[3]
    assert found[0] != found[1] != found[2]
