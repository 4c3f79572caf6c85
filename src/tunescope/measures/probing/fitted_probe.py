"""Perceptron probes of one configuration, fitted with several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tunescope._core.errors import InputError
from tunescope._core.seeds import derive_seed
from tunescope.measures.probing.mlp_settings import PUBLISHED, MLPSettings, check_architecture
from tunescope.measures.probing.perceptron import log_probabilities
from tunescope.measures.shapes import Labels, Vectors
from tunescope.measures.validation import check_labels, check_vectors

__all__ = ["FittedProbe", "check_examples", "check_stopping", "fit_notes", "fit_probes"]


@dataclass(frozen=True)
class FittedProbe:
    """A perceptron that was fitted with one seed.

    Attributes:
        classes: The classes, sorted.
        layers: Matrix (input, output) and biases of each layer.
        n_epochs: How many epochs it was trained for.
        status: ``"ok"``, or a sentence that says what is wrong with the fit.
    """

    classes: np.ndarray
    layers: list[tuple[np.ndarray, np.ndarray]]
    n_epochs: int
    status: str

    def predict(self, vectors: Vectors) -> Labels:
        """Return the most probable class of each row.

        Raises:
            InputError: The vectors are no finite matrix, or not of the hidden size that the probe was trained on.
        """
        rows = check_vectors(vectors, "vectors")
        if rows.shape[1] != len(self.layers[0][0]):
            raise InputError(
                "The vectors do not fit the probe.",
                expected=f"hidden size {len(self.layers[0][0])}, as in training",
                got=rows.shape[1],
            )
        predicted: Labels = self.classes[log_probabilities(self.layers, rows).argmax(axis=1)]
        return predicted

    def right(self, vectors: Vectors, labels: Labels) -> Float[np.ndarray, " example"]:
        """Return 1 for each row whose class the probe finds, 0 for the others; NaN where the fit diverged.

        Raises:
            InputError: The vectors do not fit the probe, or there is not one label per row.
        """
        gold = check_labels(labels, len(vectors))
        if not all(np.isfinite(values).all() for layer in self.layers for values in layer):
            return np.full(len(gold), np.nan)
        right: Float[np.ndarray, " example"] = (self.predict(vectors) == gold).astype(np.float64)
        return right


def fit_probes(
    x: Vectors,
    y: Labels,
    hidden_sizes: tuple[int, ...],
    penalty: float,
    *,
    n_seeds: int = 5,
    settings: MLPSettings = PUBLISHED,
    seed: int,
    device: str = "auto",
    n_jobs: int | None = None,
) -> tuple[FittedProbe, ...]:
    """Fit a perceptron to all examples, with each of several seeds.

    Args:
        x: Shape (example, hidden), finite; float64 is computed in float64, all else in float32.
        y: Shape (example,); classes, at least two different ones.
        hidden_sizes: Units of each hidden layer; ``()`` for a linear probe.
        penalty: L2 penalty α, see :class:`~tunescope.measures.probing.mlp_probe.MLPProbe`.
        n_seeds: How many probes, at least 1; default 5.
        settings: How each is trained; by the training loss, for no example is held out.
        seed: The seed that those of the probes are derived from.
        device: ``"cpu"``, ``"cuda"``, or ``"auto"`` for a GPU where there is one.
        n_jobs: Threads on a CPU, each on one core; None for all cores.

    Raises:
        InputError: The vectors are no finite matrix, the labels do not fit or hold a single class, or a setting is out
            of range.

    >>> x = np.random.default_rng(0).normal(size=(120, 2))
    >>> probes = fit_probes(x, x[:, 0] > 0, (), 0.0, n_seeds=2, settings=MLPSettings(learning_rate=0.02), seed=0)
    >>> [bool(np.mean(probe.predict(x) == (x[:, 0] > 0)) > 0.95) for probe in probes]
    [True, True]
    """
    rows, _, classes, numbers = check_examples(x, y)
    check_architecture([hidden_sizes], [penalty])
    check_stopping(settings)
    if n_seeds < 1:
        raise InputError("n_seeds is out of range.", expected="at least 1", got=n_seeds)
    # Importing torch takes seconds, and the other measures do without it.
    from tunescope.measures.probing.engine.grid_training import Examples, Single, train_each
    from tunescope.measures.probing.engine.mlp_training import Fold

    everything = Fold(np.arange(len(rows)))
    singles = [
        Single(everything, hidden_sizes, penalty, derive_seed(seed, "probe", number))
        for number in range(n_seeds)
    ]
    members = train_each(Examples(rows, numbers, len(classes), device, n_jobs), singles, settings)
    return tuple(FittedProbe(classes, each.layers, each.n_epochs, each.status) for each in members)


def fit_notes(probes: Sequence[FittedProbe]) -> tuple[str, ...]:
    """Return a sentence for each kind of trouble that the fits had.

    >>> bad = FittedProbe(np.array(["a", "b"]), [], 1000, "did not converge within 1000 epochs")
    >>> fit_notes([bad, bad])
    ('2 of 2 fits: did not converge within 1000 epochs.',)
    """
    troubles = [each.status for each in probes if each.status != "ok"]
    return tuple(
        f"{troubles.count(trouble)} of {len(probes)} fits: {trouble}." for trouble in dict.fromkeys(troubles)
    )


def check_stopping(settings: MLPSettings) -> None:
    """Refuse to stop by a validation loss where no examples are held out for it.

    Raises:
        InputError: The settings ask for it.
    """
    if settings.stopping != "training loss":
        raise InputError(
            "There are no examples to tell when to stop.",
            where="settings.stopping",
            expected="'training loss'",
            got=repr(settings.stopping),
            fix="take MLPProbe, which holds a tenth out",
        )


def check_examples(
    x: Vectors, y: Labels, *, min_examples: int = 1
) -> tuple[Vectors, Labels, np.ndarray, np.ndarray]:
    """Return vectors, labels, classes, and the class of each example as a number.

    Raises:
        InputError: The vectors are no finite matrix or have too few rows, or the labels do not fit or hold a single
            class.
    """
    rows = check_vectors(x, "x", min_examples=min_examples)
    labels = check_labels(y, len(rows), "y")
    classes, numbers = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            "y holds a single class.",
            expected="at least two classes",
            got=", ".join(map(repr, classes.tolist())) or "no example",
            fix="give examples of another class",
        )
    return rows, labels, classes, numbers
