"""CKA over batches, for more examples than fit into memory."""

from __future__ import annotations

import numpy as np

from tunescope._core.errors import InputError
from tunescope._core.threads import number_of_threads
from tunescope.measures.shapes import AnyVectors
from tunescope.measures.similarity.cka_map import Layers, centred_columns, check_layers, ratios
from tunescope.measures.similarity.layer_hsic import Alignments, LayerMap, debiased_hsic

__all__ = ["MinibatchCKA"]

_NOTHING = Alignments(np.zeros((1, 1)), np.zeros(1), np.zeros(1))
"""What is added to the first batch; it has the shape of any layers."""


class MinibatchCKA:
    """The debiased linear CKA of two models, or of all pairs of their layers, from batches of the same examples.

    Σ HSIC₁(Kᵦ, Lᵦ) / √(Σ HSIC₁(Kᵦ, Kᵦ) Σ HSIC₁(Lᵦ, Lᵦ)) over the batches b, with HSIC₁ as in
    :func:`~tunescope.measures.similarity.cka.cka` (Nguyen, Raghu and Kornblith 2021, eq. 4 and 5). As HSIC₁ is
    unbiased at any number of examples, each sum tends to what all examples would give, whatever the batches' size;
    larger batches get there with fewer examples. The batches should be drawn at random: the tokens of a few sentences
    vary less than those of all. Memory holds one batch.

    Args:
        n_jobs: Threads; None or −1, the default, for all cores. The figures do not depend on it.

    Attributes:
        n_batches: How many batches were taken in.
        n_examples: How many examples these had.

    >>> rng = np.random.default_rng(0)
    >>> found = MinibatchCKA()
    >>> for _ in range(20):
    ...     x = rng.normal(size=(64, 8))
    ...     found.update(x, x + rng.normal(size=(64, 8)))
    >>> round(found.value, 1), found.n_examples
    (0.5, 1280)
    """

    def __init__(self, *, n_jobs: int | None = None) -> None:
        self._n_threads = number_of_threads(n_jobs)
        self._sums: list[Alignments] = []
        self._hidden_sizes: list[list[int]] = []
        self.n_batches = 0
        self.n_examples = 0

    def update(self, x_batch: AnyVectors | Layers, y_batch: AnyVectors | Layers) -> None:
        """Take in a batch.

        Args:
            x_batch: Shape (example, hidden), finite, at least 4 rows; or such a matrix for each layer.
            y_batch: The same examples in the same order; a matrix, or one for each layer.

        Raises:
            InputError: A matrix is not finite or has fewer than 4 rows, the numbers of rows differ, or the layers or
                hidden sizes are not those of the first batch.
        """
        first, second = check_layers(
            _layers(x_batch), _layers(y_batch), names=("x_batch", "y_batch"), min_examples=4
        )
        hidden_sizes = [[each.shape[1] for each in layers] for layers in (first, second)]
        if self._hidden_sizes and hidden_sizes != self._hidden_sizes:
            raise InputError(
                "The batch has other layers than the first.",
                expected=f"hidden sizes {self._hidden_sizes}",
                got=hidden_sizes,
                fix="make a MinibatchCKA for each pair of models",
            )
        centred = [centred_columns(each) for each in (*first, *second)]
        n = len(centred[0])
        found = debiased_hsic(centred[: len(first)], centred[len(first) :], n_threads=self._n_threads)
        self._sums = [
            Alignments(*(total + each / (n * (n - 3)) for total, each in zip(totals, part, strict=True)))
            for totals, part in zip(self._sums or [_NOTHING, _NOTHING], found, strict=True)
        ]
        self._hidden_sizes = hidden_sizes
        self.n_batches += 1
        self.n_examples += n

    @property
    def map(self) -> LayerMap:
        """The figures by layer of x and layer of y, at most 1, higher is more alike; NaN where undefined.

        Undefined is a layer whose rows are all equal, or whose inner products are, in every batch.

        Raises:
            InputError: There was no batch.
        """
        if not self._sums:
            raise InputError(
                "There was no batch.",
                expected="at least one",
                got="none",
                fix="call update for each batch first",
            )
        return ratios(*self._sums)

    @property
    def value(self) -> float:
        """The figure of one layer each, at most 1, higher is more alike; NaN where :attr:`map` is.

        Raises:
            InputError: There was no batch, or there are several layers.
        """
        found = self.map
        if found.size > 1:
            raise InputError(
                "There is no single figure.",
                expected="one matrix per batch and side",
                got=f"{found.shape[0]} and {found.shape[1]} layers",
                fix="read map, which has a figure for each pair of layers",
            )
        return float(found[0, 0])

    @property
    def status(self) -> str:
        """``"ok"``, or why some figures are not defined.

        Raises:
            InputError: There was no batch.
        """
        undefined = int(np.isnan(self.map).sum())
        if not undefined:
            return "ok"
        return (
            f"undefined for {undefined} of {self.map.size} pairs of layers, whose inner products do not vary"
        )


def _layers(batch: AnyVectors | Layers) -> Layers:
    return [batch] if isinstance(batch, np.ndarray) and batch.ndim == 2 else batch
