"""Edge probing: what a small classifier over spans reads from single layers and from mixes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Bool, Float, Shaped

from tunescope._core.errors import InputError
from tunescope._core.seeds import make_rng
from tunescope.measures.probing.edge_settings import EdgeSettings
from tunescope.measures.probing.labelled_spans import LabelledSpans
from tunescope.measures.shapes import Labels
from tunescope.measures.validation import number_sentences

if TYPE_CHECKING:  # the measures are there without torch
    from tunescope.measures.probing.engine.edge_training import TrainedEdges

__all__ = ["EdgePrediction", "EdgeProbe", "EdgeProbes", "Layers", "check_known", "fit_edge_probes"]

Layers = Literal["all", "each", "cumulative", "mix"]
"""Which probes to train: one on each layer, one on layers 0 … l for each l, both, or one on all layers alone."""

_DEV_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class EdgeProbe:
    """A trained edge probe.

    Attributes:
        layers: The layers that it mixes; a single one for a probe of one layer.
        weights: Shape (layer,), one for each of ``layers``; the softmax weights of the mix, of sum 1.
        gamma: The factor γ of the mix.
        best_epoch: The epoch whose parameters it has; 0 for those before training.
        dev_f1: Micro-F1 there on the development set; NaN where the training failed.
        dev_loss: Binary cross-entropy there, in nats, summed over labels; the mean over examples.
        status: ``"ok"``, or a sentence that says what is wrong with the training.
    """

    layers: tuple[int, ...]
    weights: Float[np.ndarray, " layer"]
    gamma: float
    best_epoch: int
    dev_f1: float
    dev_loss: float
    status: str

    @property
    def failed(self) -> bool:
        """Whether the training failed, so that the parameters are those before it."""
        return self.best_epoch == 0


@dataclass(frozen=True, eq=False)
class EdgePrediction:
    """What one probe reads from examples.

    Attributes:
        labels: The classes, sorted.
        assigned: Shape (example, label); the labels whose probability is at least 0.5: none, one or several.
        best: Shape (example,); the label of the highest probability.
    """

    labels: Shaped[np.ndarray, " label"]
    assigned: Bool[np.ndarray, "example label"]
    best: Labels


@dataclass(frozen=True, eq=False)
class EdgeProbes:
    """Edge probes that were trained together, on the same examples in the same order.

    Attributes:
        probes: Those of single layers, layer 0 first, and after them the cumulative ones, the full mix last.
        labels: The classes, sorted.
        n_single: How many of the probes are of a single layer.
        n_layers: Layers of the vectors that they read.
        hidden_size: Size of these vectors.
        n_parts: 1 for spans, 2 for pairs of spans.
        n_train: Examples trained on, without those of the development set.
    """

    probes: tuple[EdgeProbe, ...]
    labels: Shaped[np.ndarray, " label"]
    n_single: int
    n_layers: int
    hidden_size: int
    n_parts: int
    n_train: int
    _trained: TrainedEdges

    @property
    def each(self) -> tuple[EdgeProbe, ...]:
        """The probes of single layers."""
        return self.probes[: self.n_single]

    @property
    def cumulative(self) -> tuple[EdgeProbe, ...]:
        """The probes of layers 0 … l, or of all layers alone."""
        return self.probes[self.n_single :]

    def predict(
        self, examples: LabelledSpans, *, device: str = "auto", n_jobs: int | None = None
    ) -> tuple[EdgePrediction, ...]:
        """Return what each probe reads; the examples' labels are not looked at.

        Args:
            examples: Spans of the same model, layers and kind as in training.
            device: As in :func:`fit_edge_probes`.
            n_jobs: As in :func:`fit_edge_probes`.

        Raises:
            InputError: The examples have other numbers of layers or spans, or another hidden size than in training.
            ModelError: There is no such device.
        """
        from tunescope.measures.probing.engine.edge_training import read_edges

        _check_same_kind((self.n_layers, self.hidden_size, self.n_parts), examples, "examples")
        logits = read_edges(self._trained, examples.vectors, examples.spans, device=device, n_jobs=n_jobs)
        return tuple(EdgePrediction(self.labels, of >= 0, self.labels[of.argmax(axis=1)]) for of in logits)


def fit_edge_probes(
    train: LabelledSpans,
    dev: LabelledSpans | None = None,
    *,
    layers: Layers = "all",
    settings: EdgeSettings | None = None,
    seed: int,
    device: str = "auto",
    n_jobs: int | None = None,
) -> EdgeProbes:
    """Train edge probes on single layers, on mixes of layers 0 … l, or on both, all at once.

    A probe mixes a word's vectors, h = γ Σ_l s_l h_l with s = softmax(a) over the layers that it may read (for a single
    layer s = 1), and projects them, W h + b. A span is the mean of its projected words, weighted by the softmax of a
    learnt score wᵀ (W h + b) within the span. The first and the second span of a pair have their own W, b and w; their
    vectors, in a row, go through a layer with tanh, layer normalisation and dropout, and a linear one with a sigmoid
    for each label. The loss is binary cross-entropy, summed over labels (published: their mean) and averaged over the
    batch. Adam trains all probes from the same start on the same batches, so that each comes out as if trained alone.

    Args:
        train: At least two sentences and two classes.
        dev: What tells when to stop, of classes of ``train``; by default a tenth of the sentences of ``train``, drawn
            at random and not trained on.
        layers: ``"each"`` for a probe on each layer, ``"cumulative"`` for one on layers 0 … l for each l, the last of
            which is the full mix, ``"all"`` for both, or ``"mix"`` for the full mix alone; default ``"all"``.
        settings: Sizes and training; default :class:`~tunescope.measures.probing.edge_settings.EdgeSettings`.
        seed: Seed of the start, the order, dropout and the draw of ``dev``.
        device: ``"auto"`` (a GPU where there is one), ``"cpu"``, ``"cuda"`` …
        n_jobs: PyTorch's threads, −1 for all cores, None for as many as it is set to. With another number of them,
            sums differ by rounding.

    Returns:
        The probes; one whose training failed, or was still getting better at its end, says so in its status.

    Raises:
        InputError: There is a single class or sentence, ``dev`` has other layers, sizes or classes than ``train``, or
            ``layers`` is unknown, or ``n_jobs`` is 0.
        ModelError: There is no such device.

    References:
        Tenney et al. 2019, "What do you learn from context? Probing for sentence structure in contextualized word
        representations"; Tenney, Das and Pavlick 2019, "BERT Rediscovers the Classical NLP Pipeline", eq. 1.

    >>> rng, labels = np.random.default_rng(0), np.arange(60) % 2
    >>> words = rng.normal(size=(2, 60, 4))
    >>> words[1, :, 0] += 8 * labels  # layer 1 tells the label, layer 0 does not
    >>> each_word = np.stack([np.arange(60), np.arange(60) + 1], axis=1)
    >>> train = LabelledSpans(words, each_word, np.array(["a", "b"])[labels], np.arange(60) // 3)
    >>> small = EdgeSettings(projection_size=8, learning_rate=0.01, batch_size=16)
    >>> probes = fit_edge_probes(train, settings=small, seed=0, device="cpu")
    >>> [probe.layers for probe in probes.each], [probe.layers for probe in probes.cumulative]
    ([(0,), (1,)], [(0,), (0, 1)])
    >>> float(np.mean(probes.predict(train, device="cpu")[1].best == train.labels))
    1.0
    """
    # Importing torch takes seconds, and the other measures do without it.
    from tunescope.measures.probing.engine.edge import Examples
    from tunescope.measures.probing.engine.edge_training import train_edges

    labels = _classes(train)
    members = _layers_to_read(layers, train.n_layers)
    in_dev = np.zeros(len(train), dtype=bool) if dev else _dev_examples(train, seed)
    whole = Examples(train.vectors, train.spans, np.searchsorted(labels, train.labels))
    held_out = whole.some(in_dev)
    if dev is not None:
        _check_same_kind((train.n_layers, train.hidden_size, train.n_parts), dev, "dev")
        check_known(labels, dev.labels, "dev")
        held_out = Examples(dev.vectors, dev.spans, np.searchsorted(labels, dev.labels))
    trained = train_edges(
        [list(member) for member in members],
        len(labels),
        whole.some(~in_dev),
        held_out,
        settings or EdgeSettings(),
        seed=seed,
        device=device,
        n_jobs=n_jobs,
    )
    return EdgeProbes(
        probes=_described(members, trained),
        labels=labels,
        n_single=train.n_layers if layers in ("all", "each") else 0,
        n_layers=train.n_layers,
        hidden_size=train.hidden_size,
        n_parts=train.n_parts,
        n_train=int(np.count_nonzero(~in_dev)),
        _trained=trained,
    )


def check_known(labels: Shaped[np.ndarray, " label"], gold: Labels, name: str) -> None:
    """Refuse classes that the probes were not trained on.

    Raises:
        InputError: A class is not among ``labels``.
    """
    unknown = np.unique(gold[~np.isin(gold, labels)])
    if len(unknown):
        raise InputError(
            f"{name} has labels that the training set lacks.",
            expected=f"only the {len(labels)} labels of the training set",
            got=", ".join(map(repr, unknown[:10].tolist())) + (" …" if len(unknown) > 10 else ""),
            fix="leave these examples out, or give training examples of their labels",
        )


def _classes(train: LabelledSpans) -> Labels:
    labels = np.unique(train.labels)
    if len(labels) < 2:
        raise InputError(
            "train holds a single class.",
            expected="at least two classes",
            got=repr(labels.tolist()[0]),
            fix="give training examples of another class",
        )
    return labels


def _layers_to_read(layers: Layers, n_layers: int) -> list[range]:
    each = [range(layer, layer + 1) for layer in range(n_layers)]
    cumulative = [range(layer + 1) for layer in range(n_layers)]
    members = {"all": each + cumulative, "each": each, "cumulative": cumulative, "mix": cumulative[-1:]}
    if layers not in members:
        raise InputError("layers is unknown.", expected=", ".join(map(repr, members)), got=repr(layers))
    return members[layers]


def _dev_examples(train: LabelledSpans, seed: int) -> Bool[np.ndarray, " example"]:
    """Return which examples are of the sentences, at least one, that are kept apart."""
    sentences = number_sentences(train.sentence_ids, len(train))
    n_sentences = int(sentences.max()) + 1
    if n_sentences < 2:
        raise InputError(
            "train holds a single sentence.",
            expected="at least two sentences, one of them to tell when to stop",
            got=f"{len(train)} examples of sentence {train.sentence_ids[0]!s}",
            fix="give more sentences, or other ones as dev",
        )
    drawn = make_rng(seed, "edge probe", "dev").permutation(n_sentences)
    return np.isin(sentences, drawn[: max(1, round(_DEV_SHARE * n_sentences))])


def _check_same_kind(expected: tuple[int, int, int], examples: LabelledSpans, name: str) -> None:
    got = (examples.n_layers, examples.hidden_size, examples.n_parts)
    if got != expected:
        raise InputError(
            f"{name} is of another kind than the training set.",
            expected="{} layers of hidden size {}, spans per example: {}".format(*expected),
            got="{} layers of hidden size {}, spans per example: {}".format(*got),
        )


def _described(members: Sequence[range], trained: TrainedEdges) -> tuple[EdgeProbe, ...]:
    weights, gamma = trained.mixes()
    return tuple(
        EdgeProbe(
            layers=tuple(layers),
            weights=weights[probe, layers.start : layers.stop],
            gamma=float(gamma[probe]),
            best_epoch=int(trained.best_epoch[probe]),
            dev_f1=float(trained.dev_f1[probe]),
            dev_loss=float(trained.dev_loss[probe]),
            status=_status(int(trained.best_epoch[probe]), bool(trained.ended[probe])),
        )
        for probe, layers in enumerate(members)
    )


def _status(best_epoch: int, ended: bool) -> str:
    if best_epoch == 0:
        return "training failed: the loss was never finite"
    return "ok" if ended else "training ended at the last epoch allowed, and might have gone on"
