from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from tunescope import extract, read_task
from tunescope._core.errors import InputError
from tunescope.measures.probing.engine.grid_training import Examples, Single, train_each
from tunescope.measures.probing.engine.mlp_training import Fold
from tunescope.measures.probing.folds import hold_out
from tunescope.measures.probing.mlp_probe import MLPProbe
from tunescope.measures.probing.mlp_settings import MLPSettings


def _examples(n: int = 600, dtype: type = np.float64) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 12))
    y = (x[:, 0] * x[:, 1] > 0).astype(int) + (x[:, 2] > 0.5)
    return x.astype(dtype), np.array(["low", "middle", "high"])[y]


def _reference(hidden: tuple[int, ...], penalty: float, seed: int, epochs: int = 1000) -> MLPClassifier:
    return MLPClassifier(hidden, alpha=penalty, random_state=seed, max_iter=epochs)


@pytest.mark.parametrize(
    ("hidden", "penalty"), [((32, 64), 1e-7), ((64,), 1e-2), ((), 1e-1), ((16, 8, 4), 1.0), ((128, 32), 1.0)]
)
def test_it_trains_as_scikit_learn_does(hidden: tuple[int, ...], penalty: float) -> None:
    x, y = _examples()
    mine = MLPProbe(hidden, penalty=penalty, max_epochs=20, seed=3, device="cpu").fit(x, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = _reference(hidden, penalty, 3, 20).fit(x, y)
    np.testing.assert_allclose(mine.loss_curve_, theirs.loss_curve_, atol=1e-10, rtol=0)
    np.testing.assert_allclose(mine.predict_proba(x), theirs.predict_proba(x), atol=1e-8)
    for (weights, biases), coefs, intercepts in zip(
        mine.layers_, theirs.coefs_, theirs.intercepts_, strict=True
    ):
        np.testing.assert_allclose(weights, coefs, atol=1e-8)
        np.testing.assert_allclose(biases, intercepts, atol=1e-8)


def test_it_stops_at_the_same_epoch_as_scikit_learn() -> None:
    x, y = _examples(300)
    mine = MLPProbe((8,), penalty=1.0, learning_rate=0.02, seed=1, device="cpu").fit(x, y)
    theirs = _reference((8,), 1.0, 1).set_params(learning_rate_init=0.02).fit(x, y)
    assert mine.n_iter_ == theirs.n_iter_ < 1000
    assert mine.status_ == "ok"


@parametrize_with_checks([MLPProbe((16,), learning_rate=0.01, max_epochs=200, device="cpu")])  # type: ignore[untyped-decorator]
def test_scikit_learn_takes_it_for_an_estimator(
    estimator: MLPProbe, check: Callable[[MLPProbe], None]
) -> None:
    check(estimator)


def test_a_last_batch_that_is_smaller_counts_by_its_examples() -> None:
    x, y = _examples(405)
    mine = MLPProbe((8,), batch_size=200, max_epochs=5, device="cpu").fit(x, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = _reference((8,), 1e-4, 0, 5).fit(x, y)
    np.testing.assert_allclose(mine.loss_curve_, theirs.loss_curve_, atol=1e-10)


def test_single_precision_and_bfloat16_read_the_same() -> None:
    x, y = _examples(1500, np.float32)
    scores = [
        MLPProbe((32, 32), penalty=0.1, precision=precision, device="cpu")
        .fit(x[:1000], y[:1000])
        .score(x[1000:], y[1000:])
        for precision in ("full", "bfloat16")
    ]
    assert min(scores) > 0.8
    assert abs(scores[0] - scores[1]) < 0.03


def test_the_seed_decides() -> None:
    x, y = _examples(200)
    first, again, other = (
        MLPProbe((8,), max_epochs=5, seed=seed, device="cpu").fit(x, y).layers_[0][0] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_stopping_by_held_out_examples_keeps_the_best_epoch() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 20))
    y = (x[:, 0] + rng.normal(size=300) > 0).astype(np.int64)
    examples = Examples(x, y, 2, "cpu", 1)
    single = Single(Fold(*hold_out(300, seed=0)), (64,), 1e-4, 0)
    settings = MLPSettings(stopping="validation loss", patience=5)
    (stopped,) = train_each(examples, [single], settings)
    assert 1 < stopped.best_epoch < stopped.n_epochs < 60
    (shorter,) = train_each(examples, [single], replace(settings, max_epochs=stopped.best_epoch))
    for mine, theirs in zip(stopped.layers, shorter.layers, strict=True):
        np.testing.assert_array_equal(mine[0], theirs[0])
        np.testing.assert_array_equal(mine[1], theirs[1])


def test_a_probe_in_half_precision_is_one_of_float32() -> None:
    x, y = _examples(120)
    half = x.astype(np.float16)
    first, second = (
        MLPProbe((4,), max_epochs=3, device="cpu").fit(each, y) for each in (half, half.astype(np.float32))
    )
    np.testing.assert_array_equal(first.layers_[0][0], second.layers_[0][0])
    assert first.layers_[0][0].dtype == np.float32


def test_larger_batches_can_keep_the_pull_of_the_penalty() -> None:
    assert MLPSettings(batch_size=400, penalty_batch_size=200).penalty_scale(1000) == 2
    assert MLPSettings(batch_size=400, penalty_batch_size=200).penalty_scale(100) == 1
    assert MLPSettings(batch_size=400).penalty_scale(1000) == 1
    with pytest.raises(InputError, match="penalty_batch_size"):
        MLPSettings(penalty_batch_size=0)
    x, y = _examples(400)
    examples = Examples(x, np.unique(y, return_inverse=True)[1], 3, "cpu", 1)
    whole = Fold(np.arange(400))

    def weights(penalty: float, settings: MLPSettings) -> np.ndarray:
        (member,) = train_each(examples, [Single(whole, (4,), penalty, 0)], settings)
        return member.layers[0][0]

    few = MLPSettings(batch_size=400, max_epochs=5)
    np.testing.assert_array_equal(weights(2.0, few), weights(1.0, replace(few, penalty_batch_size=200)))


def test_a_rotation_of_the_vectors_changes_little() -> None:
    x, y = _examples(1200)
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(12, 12)))[0]
    scores = [
        MLPProbe((32, 32), penalty=1.0, device="cpu").fit(each[:800], y[:800]).score(each[800:], y[800:])
        for each in (x, x @ rotation)
    ]
    assert abs(scores[0] - scores[1]) < 0.05


def test_a_fit_that_does_not_end_well_says_so() -> None:
    x, y = _examples(100)
    assert MLPProbe((4,), max_epochs=2, device="cpu").fit(x, y).status_ == "did not converge within 2 epochs"
    with np.errstate(all="ignore"):
        wild = MLPProbe((4,), learning_rate=1e30, device="cpu").fit(x.astype(np.float32), y)
    assert wild.status_.startswith("diverged")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_sizes": (8, 0)}, "hidden_sizes is out of range"),
        ({"penalty": -1.0}, "penalty is out of range"),
        ({"penalty": float("nan")}, "penalty is out of range"),
        ({"batch_size": 0}, "batch_size is out of range"),
        ({"max_epochs": 0}, "max_epochs is out of range"),
        ({"learning_rate": 0.0}, "learning_rate is out of range"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object], message: str) -> None:
    x, y = _examples(20)
    with pytest.raises(InputError, match=message):
        MLPProbe(**settings).fit(x, y)


def test_one_class_is_refused() -> None:
    with pytest.raises(InputError, match="single class"):
        MLPProbe().fit(np.zeros((3, 2)), ["a", "a", "a"])


def test_one_example_cannot_be_held_out() -> None:
    from tunescope.measures.probing.folds import hold_out

    with pytest.raises(InputError, match="no example to hold out"):
        hold_out(1, seed=0)


@pytest.mark.slow
def test_on_real_vectors_it_is_as_good_as_scikit_learn(
    minilm: Path, shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    """A small part of what the benchmark measures at full size."""
    train, test = (shared_data(f"streusle-4.2/streusle.ud_{split}.conllulex") for split in ("train", "test"))
    task = read_task("conllulex:role", train=train, test=test)
    vectors = {split: extract(minilm, task, split, tmp_path, device="cpu") for split in ("train", "test")}
    (x, y), (x_test, y_test) = ((each.layer(6), each.labels) for each in vectors.values())
    differences = []
    for seed in range(4):
        for penalty in (1e-7, 1.0):
            mine = MLPProbe((64, 32), penalty=penalty, max_epochs=60, seed=seed + 100, device="cpu").fit(x, y)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                theirs = _reference((64, 32), penalty, seed, 60).fit(x, y)
            differences.append(mine.score(x_test, y_test) - theirs.score(x_test, y_test))
    margin = (
        student.ppf(0.975, len(differences) - 1) * np.std(differences, ddof=1) / np.sqrt(len(differences))
    )
    assert abs(np.mean(differences)) < margin + 0.01
    assert margin < 0.03
