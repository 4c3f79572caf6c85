"""The grid of perceptron probes against scikit-learn's, side by side in one run, on MiniLM's top layer.

scikit-learn gets one thread for each of as many workers as the grid here; its default threading is far slower. The
protocol's cost (128 configurations, 5 folds, 5 refits) is extrapolated from all penalties of some hidden sizes.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import data
import numpy as np
from joblib import Parallel, delayed
from scipy.stats import t as student
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from tunescope import Task, extract
from tunescope._core.threads import number_of_threads
from tunescope.measures.probing.engine.grid_training import (
    Examples,
    FoldScores,
    Grid,
    Single,
    cross_validate,
    halve,
    halving_schedule,
    train_each,
)
from tunescope.measures.probing.engine.mlp_training import Fold
from tunescope.measures.probing.folds import divide_into_folds
from tunescope.measures.probing.mlp_settings import FAST, PUBLISHED, MLPSettings
from tunescope.measures.probing.perceptron import log_probabilities
from tunescope.measures.probing.probe_grid import HIDDEN_SIZES, PENALTIES

_SIZES = ((32, 32), (64, 128), (128, 64), (256, 256))
"""Their mean cost is that of the 16 pairs within a few per cent; see the printed share."""

_EXTREMES = tuple(itertools.product(((32, 32), (32, 256), (256, 32), (256, 256)), (1e-7, 1.0)))
_N_WORKERS = number_of_threads(None)
_N_CHOICE_SEEDS = 5
T = TypeVar("T")


def vectors_of(task: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return training vectors and classes, test vectors and classes."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for split in ("train", "test"):
            store = extract(data.MODEL, task, split, folder, device="cpu")
            numbers = np.searchsorted(np.asarray(task.labels), store.labels)
            found += [np.array(store.layer(store.info.layers[-1])), numbers]
    return found[0], found[1], found[2], found[3]


def _reference(
    sizes: tuple[int, ...],
    penalty: float,
    seed: int,
    x: np.ndarray,
    y: np.ndarray,
    x_test: np.ndarray,
    y_test: np.ndarray,
) -> tuple[float, int]:
    model = MLPClassifier(sizes, alpha=penalty, max_iter=1000, random_state=seed)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, y)
        return model.score(x_test, y_test), model.n_iter_


def _references(jobs: list[tuple[Any, ...]]) -> list[tuple[float, int]]:
    found: list[tuple[float, int]] = Parallel(n_jobs=_N_WORKERS, max_nbytes=1000)(
        delayed(_reference)(*job) for job in jobs
    )
    return found


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def _share_of_protocol() -> float:
    """Return which share of the grid's arithmetic, for 384 inputs and 17 classes, the chosen sizes are."""

    def cost(sizes: tuple[int, ...]) -> int:
        return 384 * sizes[0] * 4 + sizes[0] * sizes[1] * 6 + sizes[1] * 17 * 6

    return sum(map(cost, _SIZES)) / sum(map(cost, HIDDEN_SIZES))


def speed(name: str, task: Task, n_folds: int) -> None:
    """Print what the protocol takes: scikit-learn, the same here, faster precision, and halving."""
    x, y, _, _ = vectors_of(task)
    folds = divide_into_folds(y, 5, seed=0)[:n_folds]
    grid = Grid(_SIZES, PENALTIES, [Fold(*fold) for fold in folds], seed=0)
    examples = Examples(x, y, len(task.labels), "cpu", _N_WORKERS)
    jobs: list[tuple[Any, ...]] = [
        (sizes, penalty, 0, x[train], y[train], x[scored], y[scored])
        for train, scored in folds
        for sizes, penalty in itertools.product(_SIZES, PENALTIES)
    ]
    share = (
        _share_of_protocol() * n_folds / (5 + 5 * 5 / 4 / 128)
    )  # the refits are on 5/4 of a fold's examples
    print(
        f"{name}: {len(x):,} × {x.shape[1]}, {len(jobs)} fits on {_N_WORKERS} workers, {share:.1%} of the protocol",
        flush=True,
    )
    theirs, base = _timed(partial(_references, jobs))
    reference = np.array([accuracy for accuracy, _ in theirs]).reshape(n_folds, -1).mean(axis=0)
    print(
        f"  scikit-learn: {base:.0f} s, {sum(n for _, n in theirs):,} epochs; protocol"
        f" {base / share / 3600:.2f} h; best {reference.max():.2%}",
        flush=True,
    )
    chosen: dict[str, tuple[int, int]] = {}
    for title, settings, search in (
        ("the same", PUBLISHED, cross_validate),
        ("fast settings", FAST, cross_validate),
        ("halving", PUBLISHED, _halve),
        ("fast settings, halving", FAST, _halve),
    ):
        scores, seconds = _timed(partial(search, examples, grid, settings))
        mean = np.where((scores.status == "dropped").any(axis=2), np.nan, scores.accuracy.mean(axis=2))
        row, column = np.unravel_index(np.nanargmax(mean), mean.shape)
        chosen[title] = int(row), int(column)
        print(
            f"  {title}: {seconds:.0f} s, {base / seconds:.2f} ×, {scores.n_epochs.sum():,} epochs; chooses"
            f" {_SIZES[row]}, {PENALTIES[column]:g}; minus scikit-learn on average"
            f" {100 * np.nanmean(mean.ravel() - reference):+.2f} points",
            flush=True,
        )
    _print_losses(examples, grid, chosen)


def _halve(examples: Examples, grid: Grid, settings: MLPSettings) -> FoldScores:
    return halve(examples, grid, settings, *halving_schedule(len(_SIZES), len(grid.folds[0].train), settings))


def _print_losses(examples: Examples, grid: Grid, chosen: dict[str, tuple[int, int]]) -> None:
    """Print what each search's choice loses on validation, trained anew: the best of many noisy fits looks too good."""
    seeds = range(1000, 1000 + _N_CHOICE_SEEDS)
    mean = {}
    for row, column in sorted(set(chosen.values())):
        singles = [
            Single(fold, _SIZES[row], PENALTIES[column], seed) for fold in grid.folds for seed in seeds
        ]
        accuracy = [member.accuracy for member in train_each(examples, singles, PUBLISHED)]
        mean[row, column] = 100 * np.mean(accuracy)
    best = mean[chosen["the same"]]
    losses = ", ".join(f"{title} {best - mean[choice]:.2f}" for title, choice in chosen.items())
    print(
        f"  points that the choices lose on validation, published settings, {_N_CHOICE_SEEDS} new seeds: {losses}",
        flush=True,
    )


def agreement(name: str, task: Task, n_seeds: int) -> None:
    """Print by how much test accuracies differ from scikit-learn's over extreme configurations and seeds."""
    x, y, x_test, y_test = vectors_of(task)
    seeds = range(n_seeds)
    jobs: list[tuple[Any, ...]] = [
        (*config, seed, x, y, x_test, y_test) for config in _EXTREMES for seed in seeds
    ]
    theirs = np.array([accuracy for accuracy, _ in _references(jobs)])
    mine = _accuracies(task, PUBLISHED, _EXTREMES, seeds)
    print(
        f"{name}: accuracy minus scikit-learn's, {len(_EXTREMES)} configurations × {n_seeds} seeds:"
        f" {_difference(mine - theirs)}",
        flush=True,
    )


def precision(name: str, task: Task, n_seeds: int) -> None:
    """Print by how much bfloat16 with larger batches changes test accuracy."""
    configurations = (((128, 128), 1e-1), ((64, 256), 1e-4))
    full = _accuracies(task, PUBLISHED, configurations, range(n_seeds))
    # Other seeds: the same ones would only tell how alike two runs from one start are.
    fast = _accuracies(task, FAST, configurations, range(100, 100 + n_seeds))
    print(
        f"{name}: fast settings minus published ones, {n_seeds} seeds each: {_difference(fast - full)}",
        flush=True,
    )


def _accuracies(
    task: Task, settings: MLPSettings, configurations: tuple[tuple[tuple[int, ...], float], ...], seeds: range
) -> np.ndarray:
    x, y, x_test, y_test = vectors_of(task)
    whole = Fold(np.arange(len(x)))
    singles = [Single(whole, *config, seed) for config in configurations for seed in seeds]
    members = train_each(Examples(x, y, len(task.labels), "cpu", _N_WORKERS), singles, settings)
    return np.array([(log_probabilities(m.layers, x_test).argmax(1) == y_test).mean() for m in members])


def _difference(values: np.ndarray) -> str:
    margin = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{100 * values.mean():+.2f} ± {100 * margin:.2f} points (95 %)"


def main(parts: list[str]) -> None:
    """Print speed, agreement with scikit-learn, and agreement of the faster mode."""
    pos, roles = data.pud(), data.preposition_roles()
    if "speed" in parts:
        speed("PS-role", roles, 2)
        speed("POS", pos, 1)
    if "precision" in parts:
        precision("POS", pos, 8)
    if "agreement" in parts:
        agreement("PS-role", roles, 5)
        agreement("POS", pos, 5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = ["speed", "precision", "agreement"]
    parser.add_argument("--part", action="append", choices=known, help="what to print; all by default")
    main(parser.parse_args().part or known)
