"""Training of many perceptrons: single ones, and all configurations of a grid on all folds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tunescope._core.threads import number_of_threads
from tunescope.measures.probing.engine.mlp_stack import EPSILON
from tunescope.measures.probing.engine.mlp_training import (
    Fold,
    Member,
    MLPTraining,
    ProbeData,
)
from tunescope.measures.probing.engine.workers import each_in_a_worker
from tunescope.measures.probing.mlp_settings import MLPSettings
from tunescope.models.devices import choose_device

__all__ = [
    "Examples",
    "FoldScores",
    "Grid",
    "Single",
    "cross_validate",
    "halve",
    "halving_schedule",
    "train_each",
]

_FIRST_EXAMPLES = 60_000
_FEWEST_EPOCHS = 3
_HALVING_FACTOR = 3
_FINALISTS = 2
_PENALTIES_AT_ONCE = 4
_SMALL = 64 * 64


@dataclass(frozen=True)
class Examples:
    """What probes are trained on, and where.

    Attributes:
        x: Shape (example, input).
        y: Shape (example,); classes from 0.
        n_classes: Number of classes.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` ….
        n_jobs: Threads on a CPU; None for all cores.
    """

    x: np.ndarray
    y: np.ndarray
    n_classes: int
    device: str
    n_jobs: int | None

    def on_device(self, settings: MLPSettings) -> ProbeData:
        """Return the tensors."""
        device = choose_device(self.device)
        return ProbeData.of(self.x, self.y, self.n_classes, device, bfloat16=settings.precision == "bfloat16")

    @property
    def n_workers(self) -> int:
        """How many trainings run at a time; a GPU gets all of its work from one thread."""
        return number_of_threads(self.n_jobs) if choose_device(self.device).type == "cpu" else 1


@dataclass(frozen=True)
class Single:
    """One perceptron to train."""

    fold: Fold
    hidden_sizes: tuple[int, ...]
    penalty: float
    seed: int


@dataclass(frozen=True)
class Grid:
    """All combinations of hidden sizes and penalties, on all folds; penalties too weak to matter share a training."""

    hidden_sizes: Sequence[tuple[int, ...]]
    penalties: Sequence[float]
    folds: Sequence[Fold]
    seed: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Hidden sizes, penalties, folds."""
        return len(self.hidden_sizes), len(self.penalties), len(self.folds)


@dataclass(frozen=True)
class FoldScores:
    """What came of a grid; all of shape (hidden sizes, penalty, fold).

    Attributes:
        accuracy: Share of the fold's validation rows that are right.
        n_epochs: How many epochs the probe was trained for.
        status: ``"ok"``, ``"dropped"``, or what is wrong with the fit.
    """

    accuracy: np.ndarray
    n_epochs: np.ndarray
    status: np.ndarray

    @classmethod
    def empty(cls, grid: Grid) -> FoldScores:
        """Return scores to be filled in."""
        return cls(
            np.full(grid.shape, np.nan),
            np.zeros(grid.shape, dtype=np.int64),
            np.full(grid.shape, "", dtype=object),
        )


def train_each(
    examples: Examples, singles: Sequence[Single], settings: MLPSettings, description: str = "probes"
) -> list[Member]:
    """Train perceptrons independently of one another, and return them in their order."""
    data = examples.on_device(settings)
    largest_first = sorted(range(len(singles)), key=lambda i: -len(singles[i].fold.train))

    def train(number: int, check: Callable[[], None]) -> Member:
        one = singles[number]
        training = MLPTraining(data, [one.fold], one.hidden_sizes, [one.penalty], one.seed, settings)
        training.run(settings.max_epochs, check)
        (member,) = training.members
        assert member is not None  # every member has stopped by the last epoch
        return member

    trained = each_in_a_worker(train, largest_first, examples.n_workers, description)
    return [
        member for _, member in sorted(zip(largest_first, trained, strict=True), key=lambda pair: pair[0])
    ]


def cross_validate(examples: Examples, grid: Grid, settings: MLPSettings) -> FoldScores:
    """Train every configuration of the grid on every fold until it stops by itself."""
    data = examples.on_device(settings)
    scores = FoldScores.empty(grid)

    def train(part: _Part, check: Callable[[], None]) -> None:
        training = part.training(data, grid, settings)
        training.run(settings.max_epochs, check)
        part.write(training, scores)

    parts = _parts(grid, data, settings)
    each_in_a_worker(train, parts, examples.n_workers, "grid of probes")
    return scores


def halve(
    examples: Examples, grid: Grid, settings: MLPSettings, rungs: Sequence[int], kept: Sequence[int]
) -> FoldScores:
    """Train the grid up to each rung, and go on with the hidden sizes that are the best of each penalty there.

    Args:
        examples: The examples.
        grid: The configurations and folds.
        settings: How to train.
        rungs: Epochs, rising.
        kept: How many hidden sizes of each penalty go on after each rung.

    Returns:
        The scores of each configuration when it stopped by itself or was dropped.
    """
    data = examples.on_device(settings)
    scores = FoldScores.empty(grid)
    parts = _parts(grid, data, settings)
    trainings = [part.training(data, grid, settings) for part in parts]
    alive = np.ones(grid.shape[:2], dtype=bool)
    for rung, n_kept in zip((*rungs, settings.max_epochs), (*kept, len(alive)), strict=True):

        def train(number: int, check: Callable[[], None], rung: int = rung) -> None:
            if len(trainings[number].active):
                trainings[number].run(rung, check)
                parts[number].write(trainings[number], scores)

        each_in_a_worker(train, range(len(parts)), examples.n_workers, f"grid of probes, to epoch {rung}")
        alive &= _best(np.where(alive, scores.accuracy.mean(axis=2), -np.inf), n_kept)
        for part, training in zip(parts, trainings, strict=True):
            part.drop(training, ~alive)
            part.write(training, scores)
    scores.status[~alive] = "dropped"
    return scores


def halving_schedule(n_sizes: int, n_train: int, settings: MLPSettings) -> tuple[list[int], list[int]]:
    """Return the epochs after which hidden sizes are dropped, and how many of each penalty go on."""
    epoch, n = max(_FEWEST_EPOCHS, math.ceil(_FIRST_EXAMPLES / n_train)), n_sizes
    rungs, kept = [], []
    while n > _FINALISTS and epoch < settings.max_epochs:
        n = max(_FINALISTS, math.ceil(n / _HALVING_FACTOR))
        rungs.append(epoch)
        kept.append(n)
        epoch *= _HALVING_FACTOR
    return rungs, kept


def _best(accuracy: np.ndarray, n: int) -> np.ndarray:
    """Return which hidden sizes are among the ``n`` best of each penalty; of equal ones the first."""
    order = np.argsort(-np.nan_to_num(accuracy, nan=-np.inf), axis=0, kind="stable")
    chosen = np.zeros(accuracy.shape, dtype=bool)
    np.put_along_axis(chosen, order[:n], True, axis=0)
    return chosen


@dataclass(frozen=True)
class _Part:
    """One choice of hidden sizes, with some penalties, on folds that take the same number of steps.

    ``penalties`` holds groups: penalties that are too weak to be told apart share one training.
    """

    hidden_sizes: int
    penalties: tuple[tuple[int, ...], ...]
    folds: tuple[int, ...]

    def training(self, data: ProbeData, grid: Grid, settings: MLPSettings) -> MLPTraining:
        """Return it, ready to start."""
        return MLPTraining(
            data,
            [grid.folds[fold] for fold in self.folds],
            grid.hidden_sizes[self.hidden_sizes],
            [grid.penalties[group[0]] for group in self.penalties],
            grid.seed,
            settings,
            keep_weights=False,
        )

    def write(self, training: MLPTraining, scores: FoldScores) -> None:
        """Write down how its members stand."""
        standing = training.standing()
        for target, values in zip((scores.accuracy, scores.n_epochs, scores.status), standing, strict=True):
            members = itertools.product(self.folds, self.penalties)
            for (fold, group), value in zip(members, values, strict=True):
                target[self.hidden_sizes, list(group), fold] = value

    def drop(self, training: MLPTraining, dropped: np.ndarray) -> None:
        """Take configurations, a truth for each hidden sizes and penalty, out of training."""
        mine = [dropped[self.hidden_sizes, list(group)].all() for group in self.penalties]
        training.drop(np.flatnonzero(np.tile(mine, len(self.folds))))


def _parts(grid: Grid, data: ProbeData, settings: MLPSettings) -> list[_Part]:
    """Return the grid in parts that train apart, the largest first.

    On a CPU a part is one fold: its members meet the same batches, which then are gathered once; and of large
    perceptrons only a few penalties, so that parameters stay in the cache and all cores have work to the end. A GPU
    gets as much at once as there is.
    """
    fewest = min(len(fold.train) for fold in grid.folds)
    groups = _told_apart(grid.penalties, min(settings.penalty_batch_size or settings.batch_size, fewest))
    if data.x.device.type == "cpu":
        folds: list[tuple[int, ...]] = [(fold,) for fold in range(len(grid.folds))]
    else:
        steps = [math.ceil(len(fold.train) / settings.batch_size) for fold in grid.folds]
        folds = [tuple(i for i, own in enumerate(steps) if own == n) for n in dict.fromkeys(steps)]
    size = [math.prod(sizes) for sizes in grid.hidden_sizes]
    parts = []
    for shape in np.argsort(-np.asarray(size), kind="stable"):
        few = data.x.device.type == "cpu" and size[shape] > _SMALL
        at_once = _PENALTIES_AT_ONCE if few else len(groups)
        for start in range(0, len(groups), at_once):
            some = tuple(groups[start : start + at_once])
            parts += [_Part(int(shape), some, together) for together in folds]
    return parts


def _told_apart(penalties: Sequence[float], batch_size: int) -> list[tuple[int, ...]]:
    """Group penalties: all that pull a weight of 1 by less than Adam's ε share a training, every other is alone.

    The step of such a pull is a small share of the learning rate where nothing else pulls, and none that a gradient of
    float32 could tell where something does.
    """
    weak = tuple(i for i, penalty in enumerate(penalties) if penalty / batch_size < EPSILON)
    return [*([weak] if weak else []), *((i,) for i in range(len(penalties)) if i not in weak)]
