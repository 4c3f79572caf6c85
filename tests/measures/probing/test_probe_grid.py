from __future__ import annotations

import math
import threading
import time
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from tunescope._core.errors import InputError
from tunescope._core.seeds import derive_seed
from tunescope.measures.probing.engine.grid_training import Examples, Grid, cross_validate
from tunescope.measures.probing.engine.mlp_training import Fold, MLPTraining, ProbeData
from tunescope.measures.probing.engine.workers import Stopped, each_in_a_worker
from tunescope.measures.probing.fitted_probe import fit_probes
from tunescope.measures.probing.folds import divide_into_folds, rare_classes
from tunescope.measures.probing.mlp_probe import MLPProbe
from tunescope.measures.probing.mlp_settings import MLPSettings
from tunescope.measures.probing.probe_grid import HIDDEN_SIZES, PENALTIES, ProbeGrid, _best, probe_grid

SIZES = ((4,), (16, 8), ())
ALPHAS = (1e-4, 1.0, 1e3)


def _examples(n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 6))
    return x, np.where(x[:, 2] > 1, "third", np.where(x[:, 0] * x[:, 1] > 0, "same", "other"))


def _grid(search: str = "full", **settings: object) -> ProbeGrid:
    x, y = _examples()
    options: dict[str, object] = {
        "n_folds": 3,
        "settings": MLPSettings(learning_rate=0.02, max_epochs=60),
        "n_refits": 2,
        "seed": 0,
        "device": "cpu",
    }
    return probe_grid(x, y, penalties=ALPHAS, search=search, **{"hidden_sizes": SIZES, **options, **settings})


def test_the_published_grid_has_128_configurations() -> None:
    assert len(HIDDEN_SIZES) == 16
    np.testing.assert_allclose(PENALTIES, np.logspace(-7, 0, 8))


def test_each_configuration_scores_on_each_fold_as_scikit_learn_does_alone() -> None:
    x, y = _examples()
    numbers = np.unique(y, return_inverse=True)[1]
    divisions = divide_into_folds(y, 3, seed=7)
    grid = Grid(SIZES, ALPHAS, [Fold(*each) for each in divisions], seed=5)
    scores = cross_validate(
        Examples(x, numbers, 3, "cpu", None), grid, MLPSettings(batch_size=50, max_epochs=40)
    )
    for i, sizes in enumerate(SIZES):
        for j, alpha in enumerate(ALPHAS):
            for k, (train, scored) in enumerate(divisions):
                reference = MLPClassifier(sizes, alpha=alpha, batch_size=50, max_iter=40, random_state=5)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", ConvergenceWarning)
                    reference.fit(x[train], numbers[train])
                assert scores.accuracy[i, j, k] == reference.score(x[scored], numbers[scored])
                assert scores.n_epochs[i, j, k] == reference.n_iter_


def test_folds_that_train_side_by_side_train_as_they_do_alone() -> None:
    """As on a GPU: folds of unequal size are then filled up with examples that do not count."""
    x, y = _examples(250)
    numbers = np.unique(y, return_inverse=True)[1]
    data = ProbeData.of(x, numbers, 3, torch.device("cpu"), bfloat16=False)
    settings = MLPSettings(batch_size=40, max_epochs=25, patience=1, tolerance=0.01)
    folds = [Fold(np.arange(0, 130), np.arange(200, 250)), Fold(np.arange(90, 217), np.arange(0, 33))]
    together = MLPTraining(data, folds, (8, 4), ALPHAS, 2, settings)
    together.run(25)
    alone = [MLPTraining(data, [fold], (8, 4), ALPHAS, 2, settings) for fold in folds]
    for training in alone:
        training.run(25)
    expected = [member for training in alone for member in training.members]
    assert len({member.n_epochs for member in expected if member}) > 1  # some stopped before others
    for mine, other in zip(together.members, expected, strict=True):
        assert mine is not None
        assert other is not None
        assert mine.n_epochs == other.n_epochs
        assert mine.accuracy == other.accuracy
        np.testing.assert_allclose(mine.loss_curve, other.loss_curve, atol=1e-10)
        np.testing.assert_allclose(mine.codelength, other.codelength, atol=1e-8)


def test_penalties_too_weak_to_be_told_apart_share_a_training_that_is_that_of_each() -> None:
    x, y = _examples()
    numbers = np.unique(y, return_inverse=True)[1]
    folds = [Fold(*each) for each in divide_into_folds(y, 2, seed=7)]
    settings = MLPSettings(batch_size=50, max_epochs=40)
    shared = cross_validate(
        Examples(x, numbers, 3, "cpu", 1), Grid([(8, 8)], [1e-7, 1e-1, 1e-8], folds, seed=5), settings
    )
    np.testing.assert_array_equal(shared.accuracy[0, 0], shared.accuracy[0, 2])
    for k, fold in enumerate(folds):
        reference = MLPClassifier((8, 8), alpha=1e-7, batch_size=50, max_iter=40, random_state=5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            reference.fit(x[fold.train], numbers[fold.train])
        assert shared.accuracy[0, 2, k] == reference.score(x[fold.validation], numbers[fold.validation])
        assert shared.n_epochs[0, 1, k] == 40


def test_the_best_is_chosen_and_refitted() -> None:
    grid = _grid()
    mean = grid.accuracy.mean(axis=2)
    assert mean[grid.best] == mean.max()
    assert grid.best_hidden_sizes in SIZES
    assert grid.best_penalty == ALPHAS[grid.best[1]]
    assert grid.validation_accuracy[0] == pytest.approx(mean.max())
    x, y = _examples()
    accuracies = grid.accuracies(x, y)
    assert accuracies.shape == (2,)
    assert accuracies.min() > 0.85
    assert not np.array_equal(grid.probes[0].layers[0][0], grid.probes[1].layers[0][0])


def test_the_same_seed_gives_the_same_on_any_number_of_threads() -> None:
    one, two = _grid(n_jobs=1), _grid(n_jobs=2)
    np.testing.assert_array_equal(one.accuracy, two.accuracy)
    np.testing.assert_array_equal(one.probes[0].layers[0][0], two.probes[0].layers[0][0])
    assert not np.array_equal(one.accuracy, _grid(seed=1).accuracy)


def test_halving_drops_within_each_penalty_and_keeps_the_rest_to_the_end() -> None:
    sizes = ((1,), (2,), (8,), (16,), (16, 16))
    settings = MLPSettings(learning_rate=0.02, max_epochs=700)
    full = _grid(hidden_sizes=sizes, settings=settings)
    halved = _grid("halving", hidden_sizes=sizes, settings=settings)
    dropped = (halved.status == "dropped").all(axis=2)
    assert (dropped.sum(axis=0) == 3).all()
    assert not dropped[halved.best]
    assert halved.n_epochs.sum() < full.n_epochs.sum()
    kept = ~dropped[:, :, None] & np.ones(3, dtype=bool)
    np.testing.assert_array_equal(halved.accuracy[kept], full.accuracy[kept])
    assert halved.validation_accuracy[0] >= full.validation_accuracy[0] - 0.03


def test_sentences_stay_whole() -> None:
    sentences = np.repeat(np.arange(20), 5)
    labels = np.tile(["a", "b"], 50)
    for train, scored in divide_into_folds(labels, 4, sentence_ids=sentences, seed=0):
        assert not {*sentences[train]} & {*sentences[scored]}
        assert len(train) + len(scored) == 100


def test_folds_share_out_every_class() -> None:
    labels = np.repeat(["a", "b"], [90, 10])
    for _, scored in divide_into_folds(labels, 5, seed=0):
        assert (labels[scored] == "b").sum() == 2


def test_a_label_with_fewer_examples_than_folds_is_told() -> None:
    x, y = _examples()
    y = np.where(np.arange(len(y)) < 2, "rare", y)
    found = probe_grid(
        x,
        y,
        hidden_sizes=[(4,)],
        penalties=[0.1],
        n_folds=3,
        settings=MLPSettings(max_epochs=3),
        n_refits=1,
        seed=0,
        device="cpu",
    )
    assert rare_classes(y, 3) == ("rare",)
    assert "1 labels have fewer examples than the 3 folds" in found.notes[0]
    assert any("did not converge within 3 epochs" in note for note in found.notes)
    assert np.isfinite(found.accuracy).all()


def test_labels_that_are_all_rare_can_still_be_divided() -> None:
    for sentences in (None, np.arange(6)):
        folds = divide_into_folds(np.arange(6), 3, sentence_ids=sentences, seed=0)
        assert sorted(np.concatenate([scored for _, scored in folds]).tolist()) == list(range(6))


def test_a_label_of_one_sentence_is_rare_however_many_examples_it_has() -> None:
    labels, sentences = np.array(["a"] * 5 + ["b"] * 5), np.array([0] * 5 + [1, 2, 3, 4, 5])
    assert rare_classes(labels, 3) == ()
    assert rare_classes(labels, 3, sentences) == ("a",)


def test_what_diverges_has_no_accuracy_and_is_not_chosen() -> None:
    x, y = _examples(120)
    broken = MLPSettings(learning_rate=1e30, max_epochs=5)
    grid = probe_grid(
        x.astype(np.float32),
        y,
        hidden_sizes=[(4,)],
        penalties=[0.1],
        n_folds=2,
        n_refits=2,
        settings=broken,
        seed=0,
    )
    assert np.isnan(grid.accuracy).all()
    assert np.isnan(grid.accuracies(x, y)).all()
    assert any("diverged" in note for note in grid.notes)
    assert _best(np.array([[[0.9, np.nan]], [[0.5, 0.5]]]), np.full((2, 1, 2), "ok")) == (1, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"search": "grid"}, "'full' or 'halving'"),
        ({"settings": MLPSettings(stopping="validation loss")}, "no examples to tell when to stop"),
    ],
)
def test_searches_that_cannot_be_are_refused(options: dict[str, Any], message: str) -> None:
    x, y = _examples(60)
    with pytest.raises(InputError, match=message):
        probe_grid(x, y, hidden_sizes=[(4,)], penalties=[0.1], n_folds=2, seed=0, **options)


@pytest.mark.parametrize("n_folds", [0, 1, 4])
def test_too_few_sentences_for_the_folds_are_refused(n_folds: int) -> None:
    with pytest.raises(InputError, match="2 to 3, the number of sentences"):
        divide_into_folds(np.array(["a", "b", "a"]), n_folds, sentence_ids=np.arange(3), seed=0)


def test_one_sentence_is_refused() -> None:
    with pytest.raises(InputError, match="give more examples"):
        divide_into_folds(np.array(["a", "b", "a"]), 2, sentence_ids=np.zeros(3, dtype=int), seed=0)


def test_bad_examples_are_refused() -> None:
    x, y = _examples(20)
    with pytest.raises(InputError, match="not finite"):
        probe_grid(np.where(x > 1, np.inf, x), y, seed=0)
    with pytest.raises(InputError, match="single class"):
        probe_grid(x, np.repeat("a", 20), seed=0)
    with pytest.raises(InputError, match="wrong shape"):
        probe_grid(x, y[:-1], seed=0)
    with pytest.raises(InputError, match="grid is empty"):
        probe_grid(x, y, hidden_sizes=[(4,)], n_refits=0, seed=0)
    with pytest.raises(InputError, match="penalty is out of range"):
        probe_grid(x, y, penalties=[math.inf], seed=0)
    fitted = _grid(settings=MLPSettings(max_epochs=2))
    with pytest.raises(InputError, match="do not fit the probe"):
        fitted.accuracies(np.zeros((2, 5)), np.array(["same", "other"]))


def test_a_configuration_is_fitted_with_several_seeds_as_the_estimator_fits_it_with_one() -> None:
    x, y = _examples()
    settings = MLPSettings(learning_rate=0.02, max_epochs=30)
    first, second = fit_probes(x, y, (8,), 0.1, n_seeds=2, settings=settings, seed=3, device="cpu")
    alone = MLPProbe(
        (8,), penalty=0.1, learning_rate=0.02, max_epochs=30, seed=derive_seed(3, "probe", 0), device="cpu"
    ).fit(x, y)
    np.testing.assert_array_equal(first.layers[0][0], alone.layers_[0][0])
    np.testing.assert_array_equal(first.predict(x), alone.predict(x))
    assert not np.array_equal(first.layers[0][0], second.layers[0][0])
    with pytest.raises(InputError, match="n_seeds is out of range"):
        fit_probes(x, y, (8,), 0.1, n_seeds=0, seed=0)


@pytest.mark.parametrize(
    "setting",
    [
        {"batch_size": 0},
        {"learning_rate": math.nan},
        {"max_epochs": 0},
        {"tolerance": -1.0},
        {"patience": -1},
        {"stopping": "never"},
        {"precision": "half"},
    ],
)
def test_settings_out_of_range_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(setting))} is out of range"):
        MLPSettings(**setting)


def test_an_error_in_one_thread_ends_the_others_and_restores_the_threads() -> None:
    before = torch.get_num_threads()
    started, ended = threading.Event(), threading.Event()

    def work(item: int, check: object) -> int:
        assert torch.get_num_threads() == 1
        if item == 0:
            started.wait(10)
            raise ValueError("broken")
        started.set()
        try:
            while True:
                time.sleep(0.01)
                check()  # type: ignore[operator]
        except Stopped:
            ended.set()
            raise

    with pytest.raises(ValueError, match="broken"):
        each_in_a_worker(work, [0, 1], 2, "work")
    assert ended.is_set()
    assert torch.get_num_threads() == before
