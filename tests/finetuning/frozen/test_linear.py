from __future__ import annotations

import numpy as np
import pytest

from tunescope.finetuning.frozen import linear
from tunescope.finetuning.frozen.features import FrozenFeatures
from tunescope.finetuning.frozen.linear import linear_shapes
from tunescope.finetuning.frozen.settings import FrozenHeadSettings
from tunescope.finetuning.frozen.training import train_frozen_head
from tunescope.measures.probing.linear_probe import fit_linear_probe, fit_linear_regression_probe


def _vectors(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(3, 200, 6)).astype(np.float32) * 5 + 1


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("inverse_penalty", [0.1, 10.0])
def test_the_head_for_classes_is_the_linear_probe_of_the_top_layer(
    n_classes: int, inverse_penalty: float
) -> None:
    vectors, other = _vectors(), _vectors(1)
    noise = np.random.default_rng(2).normal(size=(200, n_classes))
    labels = np.array(list("abcd"))[(vectors[-1, :, :n_classes] + 5 * noise).argmax(axis=1)]
    settings = FrozenHeadSettings(inverse_penalty=inverse_penalty)
    head = train_frozen_head(FrozenFeatures.of_arrays(vectors, labels, np.arange(200)), "linear", settings)
    probe = fit_linear_probe(vectors[-1], labels, inverse_penalty=inverse_penalty, seed=0)
    predicted = head.predict(FrozenFeatures.of_arrays(other, None, np.arange(200)))
    assert np.array_equal(predicted, probe.predict(other[-1]))
    assert (head.info.status, head.info.n_epochs) == (probe.status, probe.n_iterations)
    assert {name: array.shape for name, array in head.weights.items()} == linear_shapes(n_classes, 6)


@pytest.mark.parametrize("penalty", [1e-6, 1.0])
def test_the_head_for_numbers_is_the_linear_probe_of_the_top_layer(penalty: float) -> None:
    vectors, other = _vectors(), _vectors(1)
    labels = vectors[-1].astype(np.float64) @ np.arange(6) + np.random.default_rng(2).normal(size=200)
    head = train_frozen_head(
        FrozenFeatures.of_arrays(vectors, labels, np.arange(200)),
        "linear",
        FrozenHeadSettings(penalty=penalty),
    )
    probe = fit_linear_regression_probe(vectors[-1], labels, penalty=penalty, seed=0)
    predicted = head.predict(FrozenFeatures.of_arrays(other, None, np.arange(200)))
    assert np.allclose(predicted, probe.predict(other[-1]), atol=1e-4)


def test_a_feature_that_is_constant_does_no_harm() -> None:
    vectors = _vectors()
    vectors[-1, :, 3] = 7
    labels = np.where(vectors[-1, :, 0] > 1, "x", "y")
    features = FrozenFeatures.of_arrays(vectors, labels, np.arange(200))
    assert np.mean(train_frozen_head(features, "linear").predict(features) == labels) > 0.9


def test_a_head_that_did_not_converge_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "_MAX_ITERATIONS", 2)
    labels = np.random.default_rng(0).choice(list("abcd"), 200)
    head = train_frozen_head(FrozenFeatures.of_arrays(_vectors(), labels, np.arange(200)), "linear")
    assert head.info.status == "the head did not converge within 2 iterations"
    assert head.info.n_epochs == 2
