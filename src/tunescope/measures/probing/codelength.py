"""Minimum description length: how short labels become to someone who has the vectors (Voita and Titov 2020)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from tunescope._core.errors import InputError
from tunescope._core.seeds import derive_seed, make_rng
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import divide, half_samples, interval, resampling_weights
from tunescope.measures.probing.fitted_probe import check_examples
from tunescope.measures.probing.folds import hold_out
from tunescope.measures.probing.mlp_settings import MLPSettings, check_architecture
from tunescope.measures.probing.perceptron import log_probabilities
from tunescope.measures.shapes import Labels, SentenceIds, Vectors
from tunescope.measures.validation import number_sentences

__all__ = ["PORTIONS", "Codelength", "compression_difference", "compression_estimate", "online_codelength"]

PORTIONS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1.0)
"""Voita and Titov's shares of the examples at which a probe is trained anew."""


@dataclass(frozen=True)
class Codelength:
    """An online code of labels.

    Attributes:
        bits: Bits of each example's label, in the order of the examples; the first portion's are those of the uniform
            code.
        portions: How many examples had been sent at the end of each portion, rising.
        n_classes: Number of classes.
        notes: What a reader must know before trusting the figure.
    """

    bits: Float[np.ndarray, " example"]
    portions: Int[np.ndarray, " portion"]
    n_classes: int
    notes: tuple[str, ...]

    @property
    def codelength(self) -> float:
        """Bits of all labels; lower means that the vectors give the labels away with less to learn."""
        return float(self.bits.sum())

    @property
    def uniform_codelength(self) -> float:
        """Bits of all labels for someone without vectors who takes every class as equally likely."""
        return len(self.bits) * math.log2(self.n_classes)

    @property
    def compression(self) -> float:
        """How many times shorter than the uniform code; above 1 means that the vectors help, higher is better."""
        return self.uniform_codelength / self.codelength


def online_codelength(
    x: Vectors,
    y: Labels,
    *,
    sentence_ids: SentenceIds | None = None,
    portions: Sequence[float] = PORTIONS,
    hidden_sizes: tuple[int, ...] = (128, 128),
    penalty: float = 1e-4,
    batch_size: int = 200,
    learning_rate: float = 1e-3,
    max_epochs: int = 200,
    patience: int = 5,
    seed: int,
    device: str = "auto",
    n_jobs: int | None = None,
) -> Codelength:
    """Measure how many bits it takes to send the labels, portion by portion, to someone who has the vectors.

    L = t₁ log₂ C − Σᵢ log₂ p_θᵢ(y of examples tᵢ … tᵢ₊₁ | x), where the probe θᵢ was trained on the first tᵢ examples
    alone (Voita and Titov 2020, eq. 3). The examples are sent in a random order. A tenth of those sent so far tells
    each probe when to stop, so that the receiver could do the same; the published program stops by other examples.

    Args:
        x: Shape (example, hidden), finite.
        y: Shape (example,); classes, at least two different ones.
        sentence_ids: Shape (example,); the sentence of each example. Sentences are then sent one after the other, so
            that hardly a portion knows words of the next one's sentences. None sends example by example.
        portions: Shares of the examples, rising, up to 1.
        hidden_sizes: Units of each hidden layer of the probe; ``()`` for a linear one.
        penalty: L2 penalty α, see :class:`~tunescope.measures.probing.mlp_probe.MLPProbe`.
        batch_size: Examples in a step.
        learning_rate: Adam's.
        max_epochs: At most so many epochs for a probe.
        patience: A probe stops after more than so many epochs without a lower loss on the tenth.
        seed: Seed of the order, weights and batches. Equal seeds send equally many examples in the same order, so
            that two representations can be compared example by example.
        device: ``"cpu"``, ``"cuda"``, or ``"auto"`` for a GPU where there is one.
        n_jobs: Threads on a CPU; None for all cores.

    Returns:
        The bits of each label.

    Raises:
        InputError: The vectors are no finite matrix, the labels do not fit or hold a single class, there are
            fewer than 4 examples, the portions do not rise to 1, or a setting is out of range.

    >>> x = np.random.default_rng(0).normal(size=(400, 2))
    >>> code = online_codelength(x, x[:, 0] > 0, seed=0, device="cpu")
    >>> code.uniform_codelength, code.compression > 2
    (400.0, True)
    """
    rows, _, classes, numbers = check_examples(x, y, min_examples=4)
    check_architecture([hidden_sizes], [penalty])
    settings = MLPSettings(
        batch_size, learning_rate, max_epochs, patience=patience, stopping="validation loss"
    )
    order = _order(len(rows), sentence_ids, seed)
    ends = _ends(portions, len(rows))
    # Importing torch takes seconds, and the other measures do without it.
    from tunescope.measures.probing.engine.grid_training import Examples, Single, train_each
    from tunescope.measures.probing.engine.mlp_training import Fold

    singles = []
    for end in ends[:-1]:
        own_seed = derive_seed(seed, "online code", int(end))
        train, held_out = hold_out(int(end), seed=own_seed)
        singles.append(Single(Fold(order[train], order[held_out]), hidden_sizes, penalty, own_seed))
    examples = Examples(rows, numbers, len(classes), device, n_jobs)
    bits = np.full(len(rows), math.log2(len(classes)))
    members = train_each(examples, singles, settings, "online code")
    for member, (start, end) in zip(members, pairwise(ends), strict=True):
        sent = order[start:end]
        log_p = log_probabilities(member.layers, rows[sent])
        bits[sent] = -log_p[np.arange(len(sent)), numbers[sent]] / math.log(2)
    troubles = {member.status for member in members} - {"ok"}
    return Codelength(bits, ends, len(classes), tuple(f"A probe {trouble}." for trouble in sorted(troubles)))


def compression_estimate(
    code: Codelength,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return the compression with its interval over sentences; the probes themselves are not trained anew.

    Args:
        code: The code.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: There is not one sentence for each example, or the resampling settings are out of range.

    >>> code = Codelength(np.full(20, 0.5), np.array([20]), 2, ())
    >>> compression_estimate(code, np.arange(20), rng=np.random.default_rng(0)).value
    2.0
    """
    return _estimate([code], sentence_ids, n_resamples, level, rng)


def compression_difference(
    before: Codelength,
    after: Codelength,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return the compression of ``after`` minus that of ``before``, paired over sentences.

    Args:
        before: The code of one representation's labels.
        after: The code of the same labels by another, with the same seed.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The difference; above 0 means that ``after`` compresses better.

    Raises:
        InputError: The codes are of different examples, there is not one sentence for each, or the resampling settings
            are out of range.

    >>> short, long = (Codelength(np.full(20, bits), np.array([20]), 2, ()) for bits in (0.5, 1.0))
    >>> compression_difference(long, short, np.arange(20), rng=np.random.default_rng(0)).value
    1.0
    """
    if len(before.bits) != len(after.bits):
        raise InputError(
            "The codes are of different examples.",
            expected=f"{len(before.bits)} examples in both",
            got=len(after.bits),
        )
    return _estimate([after, before], sentence_ids, n_resamples, level, rng)


def _estimate(
    codes: Sequence[Codelength],
    sentence_ids: SentenceIds,
    n_resamples: int,
    level: float,
    rng: np.random.Generator,
) -> Estimate:
    """Return the compression of the first code minus that of the others."""
    sentences = number_sentences(sentence_ids, len(codes[0].bits))
    weights = resampling_weights(half_samples(sentences, n_resamples, rng)).T
    found = [divide(weights.sum(axis=1) * math.log2(code.n_classes), weights @ code.bits) for code in codes]
    values = found[0] - sum(found[1:], np.zeros(len(weights)))
    return interval(float(values[0]), values[1:], sentence_ids=sentences, level=level)


def _order(n_examples: int, sentence_ids: SentenceIds | None, seed: int) -> np.ndarray:
    rng = make_rng(seed, "order of the online code")
    if sentence_ids is None:
        return rng.permutation(n_examples)
    sentences = number_sentences(sentence_ids, n_examples)
    return np.argsort(rng.permutation(int(sentences.max()) + 1)[sentences], kind="stable")


def _ends(portions: Sequence[float], n_examples: int) -> np.ndarray:
    """Return where the portions end; a portion too small to train on is merged with the next."""
    shares = np.asarray(portions, dtype=np.float64)
    if len(shares) == 0 or shares[-1] != 1 or shares[0] <= 0 or (np.diff(shares) <= 0).any():
        raise InputError(
            "The portions do not rise to 1.", expected="shares such as (0.1, 0.5, 1.0)", got=portions
        )
    ends = np.unique(np.ceil(shares * n_examples).astype(np.int64))
    return ends[ends >= 2]
