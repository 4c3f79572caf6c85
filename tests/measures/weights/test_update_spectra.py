from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.weights.update_spectra import UpdateSpectrum, update_spectra

NAME = "h.0.mlp.weight"


def _spectrum(base: np.ndarray, tuned: np.ndarray, k: int = 10) -> UpdateSpectrum:
    return update_spectra({NAME: base}, {NAME: tuned}, k=k)[NAME]


@pytest.mark.parametrize("shape", [(6, 6), (20, 5), (5, 20)])
def test_the_formulas(shape: tuple[int, int], rng: np.random.Generator) -> None:
    base, tuned = rng.normal(size=(2, *shape))
    spectrum = _spectrum(base, tuned, k=2)
    update = tuned - base
    values = np.sqrt(np.linalg.eigvalsh(update @ update.T if shape[0] <= shape[1] else update.T @ update))[
        ::-1
    ]
    assert spectrum.singular_values == pytest.approx(values)
    frobenius, largest = np.linalg.norm(update), np.linalg.norm(update, 2)
    assert spectrum.stable_rank == pytest.approx(frobenius**2 / largest**2)
    shares = values / values.sum()
    assert spectrum.effective_rank == pytest.approx(math.exp(-sum(p * math.log(p) for p in shares)))
    assert spectrum.top_share == pytest.approx((values[:2] ** 2).sum() / (values**2).sum())
    assert spectrum.status == "ok"


def test_known_answers(rng: np.random.Generator) -> None:
    rotation = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    even = _spectrum(np.zeros((8, 8)), 3 * rotation, k=2)
    assert even.singular_values == pytest.approx([3] * 8)
    assert (even.stable_rank, even.effective_rank, even.top_share) == pytest.approx((8, 8, 0.25))
    single = _spectrum(rotation, rotation + np.outer(np.ones(8), np.arange(8)))
    assert (single.stable_rank, single.effective_rank, single.top_share) == pytest.approx((1, 1, 1))


def test_an_update_by_low_rank_adaptation_has_that_rank(rng: np.random.Generator) -> None:
    base = rng.normal(size=(40, 30))
    low_rank = rng.normal(size=(40, 4)) @ rng.normal(size=(4, 30))
    spectrum = _spectrum(base, base + low_rank, k=4)
    assert spectrum.singular_values[4:] == pytest.approx(0, abs=1e-12)
    assert spectrum.top_share == pytest.approx(1)
    assert 1 <= spectrum.stable_rank <= spectrum.effective_rank < 4.001


@settings(max_examples=25)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_invariance_and_range(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    base, tuned = rng.normal(size=(2, 7, 4))
    left, right = (np.linalg.qr(rng.normal(size=(n, n)))[0] for n in (7, 4))
    expected = _spectrum(base, tuned, k=1)
    moved = _spectrum(scale * left @ base @ right, scale * left @ tuned @ right, k=1)
    assert moved.singular_values == pytest.approx(scale * expected.singular_values)
    for name in ("stable_rank", "effective_rank", "top_share"):
        assert getattr(moved, name) == pytest.approx(getattr(expected, name))
    assert 1 <= expected.stable_rank <= 4
    assert 1 <= expected.effective_rank <= 4
    assert 0.25 <= expected.top_share <= 1


def test_the_rounding_of_stored_weights_is_as_large_as_documented(rng: np.random.Generator) -> None:
    base = rng.normal(size=(300, 200))
    rounded = base.astype(np.float16)
    size = np.linalg.norm(_spectrum(base, rounded).singular_values)
    assert size == pytest.approx(5e-4 * np.linalg.norm(base) / math.sqrt(12), rel=0.5)


def test_every_matrix_and_nothing_else_is_looked_at(rng: np.random.Generator) -> None:
    base = {
        "bert.embeddings.word_embeddings.weight": rng.normal(size=(9, 4)).astype(np.float32),
        "bert.encoder.layer.0.dense.weight": rng.normal(size=(3, 4)).astype(np.float16),
        "bert.encoder.layer.0.dense.bias": np.zeros(3),
        "bert.encoder.layer.0.conv.weight": np.zeros((3, 4, 2)),
    }
    tuned = {name.removeprefix("bert."): w + 1 for name, w in base.items()}
    spectra = update_spectra(base, tuned | {"classifier.weight": np.ones((2, 4))})
    assert list(spectra) == ["embeddings.word_embeddings.weight", "encoder.layer.0.dense.weight"]


def test_undefined_spectra_are_nan_with_a_status(rng: np.random.Generator) -> None:
    base = rng.normal(size=(3, 4))
    still = _spectrum(base, base)
    assert still.status == "undefined: the update is zero"
    assert still.singular_values.tolist() == [0, 0, 0]
    tuned = base.copy()
    tuned[1, 2] = np.inf
    for broken in (_spectrum(base, tuned), _spectrum(tuned, tuned)):
        assert broken.status == "undefined: a weight is not finite"
        assert np.isnan(broken.singular_values).all()
        assert broken.singular_values.shape == (3,)
    for spectrum in (still, broken):
        assert math.isnan(spectrum.stable_rank)
        assert math.isnan(spectrum.effective_rank)
        assert math.isnan(spectrum.top_share)


def test_what_does_not_fit_is_refused(rng: np.random.Generator) -> None:
    base = rng.normal(size=(3, 4))
    with pytest.raises(InputError, match="k is too small"):
        _spectrum(base, base, k=0)
    with pytest.raises(InputError, match="No parameter is a matrix"):
        _spectrum(base[0], base[0])
    with pytest.raises(InputError, match="different shapes"):
        _spectrum(base, base.T)
