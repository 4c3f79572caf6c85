"""The classifier probe of "A Closer Look": the best of a grid of perceptrons, by cross-validation, refitted."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int, Shaped

from tunescope._core.errors import InputError
from tunescope._core.seeds import derive_seed
from tunescope.measures.probing.fitted_probe import (
    FittedProbe,
    check_examples,
    check_stopping,
    fit_notes,
    fit_probes,
)
from tunescope.measures.probing.folds import divide_into_folds, rare_classes
from tunescope.measures.probing.mlp_settings import PUBLISHED, MLPSettings, check_architecture
from tunescope.measures.shapes import Labels, SentenceIds, Vectors

__all__ = ["HIDDEN_SIZES", "PENALTIES", "ProbeGrid", "Search", "probe_grid"]

HIDDEN_SIZES: tuple[tuple[int, ...], ...] = tuple(itertools.product((32, 64, 128, 256), repeat=2))
"""The 16 pairs of hidden sizes of Zhou and Srikumar (2022)."""

PENALTIES: tuple[float, ...] = tuple(10.0**k for k in range(-7, 1))
"""Their 8 L2 penalties."""

Search = Literal["full", "halving"]


@dataclass(frozen=True)
class ProbeGrid:
    """What a grid search found.

    Attributes:
        hidden_sizes: The choices of hidden sizes.
        penalties: The choices of L2 penalties.
        accuracy: Share of each fold that the probe trained on the others has right, when it stopped or was dropped; NaN
            where the training diverged.
        n_epochs: How many epochs each probe was trained for.
        status: ``"ok"``, ``"dropped"`` by halving, or a sentence that says what is wrong with the fit.
        best: Indices of the chosen hidden sizes and penalty.
        probes: The chosen configuration, fitted to all examples with different seeds.
        notes: What a reader must know before trusting the figures.
        seconds: How long it took.
    """

    hidden_sizes: tuple[tuple[int, ...], ...]
    penalties: tuple[float, ...]
    accuracy: Float[np.ndarray, "sizes penalty fold"]
    n_epochs: Int[np.ndarray, "sizes penalty fold"]
    status: Shaped[np.ndarray, "sizes penalty fold"]
    best: tuple[int, int]
    probes: tuple[FittedProbe, ...]
    notes: tuple[str, ...]
    seconds: float

    @property
    def best_hidden_sizes(self) -> tuple[int, ...]:
        """Hidden sizes of the chosen configuration."""
        return self.hidden_sizes[self.best[0]]

    @property
    def best_penalty(self) -> float:
        """L2 penalty of the chosen configuration."""
        return self.penalties[self.best[1]]

    @property
    def validation_accuracy(self) -> tuple[float, float]:
        """Mean and standard deviation over folds of the chosen configuration's accuracy."""
        own = self.accuracy[self.best]
        return float(own.mean()), float(own.std(ddof=1))

    def accuracies(self, vectors: Vectors, labels: Labels) -> Float[np.ndarray, " seed"]:
        """Return the accuracy of each refitted probe, in [0, 1]; report their mean and standard deviation.

        NaN where a fit diverged.

        Raises:
            InputError: The vectors do not fit the probes, or there is not one label per row.
        """
        return np.array([probe.right(vectors, labels).mean() for probe in self.probes])


def probe_grid(
    x: Vectors,
    y: Labels,
    *,
    hidden_sizes: Sequence[tuple[int, ...]] = HIDDEN_SIZES,
    penalties: Sequence[float] = PENALTIES,
    n_folds: int = 5,
    sentence_ids: SentenceIds | None = None,
    search: Search = "full",
    n_refits: int = 5,
    settings: MLPSettings = PUBLISHED,
    seed: int,
    device: str = "auto",
    n_jobs: int | None = None,
) -> ProbeGrid:
    """Choose hidden sizes and L2 penalty of a perceptron by cross-validation, and refit the best with several seeds.

    The protocol of Zhou and Srikumar (2022, section 3.1): two hidden layers of 32, 64, 128 or 256 units, penalties from
    1e-7 to 1 by tens, ReLU, Adam, at most 1,000 epochs; each trains as
    :class:`~tunescope.measures.probing.mlp_probe.MLPProbe` does, and stops by its training loss. All
    configurations and folds train together. Departures from the paper: folds keep sentences whole where
    ``sentence_ids`` are given, examples are shuffled before they are divided, and penalties with α / B below Adam's ε
    (1e-7 and 1e-6 at the usual batch size), which no weight can feel, share a training.

    With ``search="halving"`` (Jamieson and Talwalkar 2016), all configurations train until they have seen about 60,000
    examples; then, of each penalty, the best third of the hidden sizes goes on to three times as many, and so on; the
    last two of each penalty train until they stop by themselves. Halving is within penalties because a strong penalty
    learns slowly and is often the best in the end.

    Args:
        x: Shape (example, hidden), finite; float64 is computed in float64, all else in float32.
        y: Shape (example,); classes, at least two different ones.
        hidden_sizes: Choices of hidden sizes; ``()`` among them for a linear probe.
        penalties: Choices of α.
        n_folds: Folds, at least 2; default 5.
        sentence_ids: Shape (example,); sentences stay whole in a fold. None divides example by example.
        search: ``"full"`` or ``"halving"``.
        n_refits: How many seeds the best is refitted with, at least 1; default 5.
        settings: How each is trained; :data:`~tunescope.measures.probing.mlp_settings.PUBLISHED` by default, or
            :data:`~tunescope.measures.probing.mlp_settings.FAST`.
        seed: Seed of folds, weights and batches.
        device: ``"cpu"``, ``"cuda"``, or ``"auto"`` for a GPU where there is one.
        n_jobs: Threads on a CPU, each on one core; None for all cores.

    Returns:
        Accuracies of the whole grid, and the refitted probes. The same seed gives the same on any number of threads.

    Raises:
        InputError: The vectors are no finite matrix, the labels do not fit or hold a single class, there are fewer
            sentences than folds, a setting is out of range, or the settings stop by a validation loss: that would be
            the loss of the examples that are to be scored.

    >>> x = np.random.default_rng(0).normal(size=(120, 2))
    >>> grid = probe_grid(x, x[:, 0] > 0, hidden_sizes=[(4,), (8, 8)], penalties=[1e-4, 1.0], n_folds=3, n_refits=2,
    ...                   settings=MLPSettings(learning_rate=0.02, max_epochs=100), seed=0, device="cpu")
    >>> grid.accuracy.shape, len(grid.probes), float(grid.accuracies(x, x[:, 0] > 0).min()) > 0.9
    ((2, 2, 3), 2, True)
    """
    started = time.perf_counter()
    rows, labels, classes, numbers = check_examples(x, y)
    sizes, alphas = [tuple(each) for each in hidden_sizes], [float(each) for each in penalties]
    check_architecture(sizes, alphas)
    check_stopping(settings)
    if search not in ("full", "halving"):
        raise InputError("search is unknown.", expected="'full' or 'halving'", got=repr(search))
    if not sizes or not alphas or n_refits < 1:
        raise InputError(
            "The grid is empty.",
            expected="at least one choice of hidden sizes, one penalty and one refit",
            got=f"{len(sizes)}, {len(alphas)} and {n_refits}",
        )
    divisions = divide_into_folds(
        labels, n_folds, sentence_ids=sentence_ids, seed=derive_seed(seed, "probe folds")
    )
    # Importing torch takes seconds, and the other measures do without it.
    from tunescope.measures.probing.engine.grid_training import (
        Examples,
        Grid,
        cross_validate,
        halve,
        halving_schedule,
    )
    from tunescope.measures.probing.engine.mlp_training import Fold

    examples = Examples(rows, numbers, len(classes), device, n_jobs)
    grid = Grid(sizes, alphas, [Fold(*division) for division in divisions], derive_seed(seed, "probe grid"))
    if search == "full":
        scores = cross_validate(examples, grid, settings)
    else:
        schedule = halving_schedule(len(sizes), len(divisions[0][0]), settings)
        scores = halve(examples, grid, settings, *schedule)
    best = _best(scores.accuracy, scores.status)
    probes = fit_probes(
        rows,
        labels,
        sizes[best[0]],
        alphas[best[1]],
        n_seeds=n_refits,
        settings=settings,
        seed=derive_seed(seed, "probe refits"),
        device=device,
        n_jobs=n_jobs,
    )
    return ProbeGrid(
        hidden_sizes=tuple(sizes),
        penalties=tuple(alphas),
        accuracy=scores.accuracy,
        n_epochs=scores.n_epochs,
        status=scores.status,
        best=best,
        probes=probes,
        notes=_notes(labels, n_folds, sentence_ids, probes),
        seconds=time.perf_counter() - started,
    )


def _best(accuracy: np.ndarray, status: np.ndarray) -> tuple[int, int]:
    """Return the indices of the highest mean accuracy; of equal ones the first."""
    mean = np.where(
        (status == "dropped").any(axis=2), -np.inf, np.nan_to_num(accuracy.mean(axis=2), nan=-np.inf)
    )
    sizes, penalty = np.unravel_index(int(np.argmax(mean)), mean.shape)
    return int(sizes), int(penalty)


def _notes(
    labels: Labels, n_folds: int, sentence_ids: SentenceIds | None, refits: Sequence[FittedProbe]
) -> tuple[str, ...]:
    notes = []
    rare = rare_classes(labels, n_folds, sentence_ids)
    if rare:
        named = ", ".join(rare[:5]) + (" …" if len(rare) > 5 else "")
        units = "examples" if sentence_ids is None else "sentences"
        notes.append(
            f"{len(rare)} labels have fewer {units} than the {n_folds} folds, so that not every fold can score"
            f" them: {named}."
        )
    return (*notes, *fit_notes(refits))
