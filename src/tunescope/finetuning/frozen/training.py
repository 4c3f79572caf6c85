"""Training a head on frozen features."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import get_args

import numpy as np
import torch
from torch import nn

from tunescope._core.errors import InputError
from tunescope._core.progress import track
from tunescope._core.seeds import derive_seed, make_rng
from tunescope.finetuning.batches import LengthGroupedBatches
from tunescope.finetuning.frozen.batches import read_batch
from tunescope.finetuning.frozen.features import FrozenFeatures
from tunescope.finetuning.frozen.head import (
    FrozenHead,
    FrozenHeadInfo,
    HeadKind,
    check_fits,
    decode,
    make_network,
    network_outputs,
)
from tunescope.finetuning.frozen.linear import fit_linear
from tunescope.finetuning.frozen.networks import MixingNetwork
from tunescope.finetuning.frozen.settings import FrozenHeadSettings
from tunescope.models.devices import choose_device
from tunescope.tasks.example import LabelKind

__all__ = ["Score", "train_frozen_head"]

Score = Callable[[np.ndarray, np.ndarray, np.ndarray], float]
"""A score of gold labels, predicted labels and sentence ids, such as span F1; higher is better."""

_UNKNOWN = -100
"""The class of a held-out label that does not occur in training: it has no part in the loss."""

_ROWS_FOR_SCALE = 4096


def train_frozen_head(
    train: FrozenFeatures,
    kind: HeadKind = "mix",
    settings: FrozenHeadSettings | None = None,
    *,
    dev: FrozenFeatures | None = None,
    score: Score | None = None,
    device: str = "auto",
) -> FrozenHead:
    """Train a head on the frozen vectors of a model.

    ``"linear"`` reads the top layer: logistic regression for classes, ridge regression for numbers, on standardised
    vectors. ``"mix"`` learns a mix γ Σ_l softmax(s)_l h_l of all layers and a network on it: a BiLSTM over the sentence
    and a linear layer where the features are sequences of words, else a layer of rectified units and a linear one. It
    minimises cross-entropy, or the squared error of standardised numbers, by Adam, stops when the held-out sentences
    are predicted no better for some epochs, and keeps the weights of its best epoch.

    The same seed gives the same head on a CPU with the same number of threads; on a GPU up to the order in which it
    rounds. The generators of the process are left as they were.

    Args:
        train: Vectors with labels of one kind: at least two classes, or two different numbers.
        kind: ``"linear"`` or ``"mix"``.
        settings: How to train; the defaults of :class:`FrozenHeadSettings` unless given.
        dev: Vectors of the same layers that decide when to stop; by default a tenth of the sentences of ``train`` are
            held out for that. A linear head needs none.
        score: What is to be best on those, from gold labels, predicted labels and sentence ids; by default minus the
            loss. Of equally good epochs the first is kept.
        device: Where a mixing head is trained; ``"auto"`` takes a GPU where there is one.

    Returns:
        The head; its status says where training was cut off or diverged.

    Raises:
        InputError: The features have no labels, a single class or a single number, or a single sentence with no
            ``dev``; ``dev`` does not fit or has no label that is known; or the kind is neither of the two.
        ModelError: There is no such device.

    References:
        Peters, Ruder and Smith 2019, "To Tune or Not to Tune? Adapting Pretrained Representations to Diverse Tasks";
        the mix is that of Peters et al. 2018, eq. 1. There, a CRF stands on the BiLSTM for named entities, and heads
        that attend between two texts read sentence pairs; here, the head ends in a linear layer, and a pair comes as
        one vector.

    >>> rng = np.random.default_rng(0)
    >>> labels = np.array(["low", "high"] * 50)
    >>> vectors = rng.normal(size=(2, 100, 4)) + 4.0 * (labels == "high")[:, None]
    >>> features = FrozenFeatures.of_arrays(vectors, labels, np.arange(100))
    >>> head = train_frozen_head(features, "linear")
    >>> bool(np.mean(head.predict(features) == labels) > 0.95)
    True
    """
    settings = settings or FrozenHeadSettings()
    if kind not in get_args(HeadKind):
        raise InputError(
            "There is no such head.", where="kind", expected=" or ".join(get_args(HeadKind)), got=repr(kind)
        )
    info = _describe(train, kind, settings)
    if kind == "linear":
        fit = fit_linear(train.top(), _targets(train, info), info.label, settings)
        about = {"n_train": train.n_examples, "n_epochs": fit.n_iterations, "status": fit.status}
        return FrozenHead(info.model_copy(update=about), fit.arrays)
    return _train_mix(info, _split(train, dev, info), score, choose_device(device))


@dataclass(frozen=True)
class _Split:
    """Which sentences, or examples, are trained on, and which are held out."""

    train: FrozenFeatures
    train_units: np.ndarray
    dev: FrozenFeatures
    dev_units: np.ndarray

    @property
    def n_train(self) -> int:
        return int(self.train.units[1][self.train_units].sum())

    @property
    def dev_places(self) -> np.ndarray:
        """The held-out examples, in the order of the units."""
        starts, lengths = (values[self.dev_units] for values in self.dev.units)
        return np.concatenate([np.arange(a, a + n) for a, n in zip(starts, lengths, strict=True)])


def _describe(train: FrozenFeatures, kind: HeadKind, settings: FrozenHeadSettings) -> FrozenHeadInfo:
    values = np.unique(train.known_labels)
    if len(values) < 2:
        raise InputError(
            "All training labels are the same.",
            where="train",
            expected="at least two classes, or two different numbers",
            got=repr(values.tolist()[0]),
            fix="give training examples with another label",
        )
    numbers = train.label is LabelKind.NUMBER
    return FrozenHeadInfo(
        kind=kind,
        label=train.label,
        labels=() if numbers else tuple(values.tolist()),
        offset=float(train.known_labels.mean()) if numbers else 0.0,
        scale=float(train.known_labels.std()) if numbers else 1.0,
        layers=train.layers,
        hidden_size=train.hidden_size,
        sequences=train.sequences,
        settings=settings,
        n_train=train.n_examples,
        n_epochs=0,
    )


def _targets(features: FrozenFeatures, info: FrozenHeadInfo) -> np.ndarray:
    """Return what the outputs are compared with: standardised numbers, or numbers of classes."""
    labels = features.known_labels
    if info.label is LabelKind.NUMBER:
        standardised: np.ndarray = (labels - info.offset) / info.scale
        return standardised
    index = {label: number for number, label in enumerate(info.labels)}
    return np.array([index.get(label, _UNKNOWN) for label in labels.tolist()])


def _split(train: FrozenFeatures, dev: FrozenFeatures | None, info: FrozenHeadInfo) -> _Split:
    every_unit = np.arange(len(train.units[0]))
    if dev is not None:
        _check_dev(dev, info)
        return _Split(train, every_unit, dev, np.arange(len(dev.units[0])))
    if train.n_sentences < 2:
        raise InputError(
            "There is no sentence to tell when to stop.",
            where="train",
            expected="at least 2 sentences, of which one is held out",
            got=train.n_sentences,
            fix="give dev, or more sentences",
        )
    n_held_out = min(max(1, round(info.settings.held_out * train.n_sentences)), train.n_sentences - 1)
    order = make_rng(info.settings.seed, "frozen head", "held out").permutation(train.n_sentences)
    held_out = np.isin(train.sentence_ids[train.units[0]], order[:n_held_out])
    return _Split(train, every_unit[~held_out], train, every_unit[held_out])


def _check_dev(dev: FrozenFeatures, info: FrozenHeadInfo) -> None:
    check_fits(dev, info, "dev")
    if dev.label is not info.label or (_targets(dev, info) == _UNKNOWN).all():
        raise InputError(
            "No label of dev occurs in training.",
            where="dev",
            expected="numbers" if info.label is LabelKind.NUMBER else ", ".join(map(repr, info.labels[:10])),
            got=", ".join(map(repr, np.unique(dev.known_labels)[:10].tolist())),
        )


def _train_mix(info: FrozenHeadInfo, split: _Split, score: Score | None, device: torch.device) -> FrozenHead:
    settings = info.settings
    with _seeded(derive_seed(settings.seed, "frozen head"), device):
        network = make_network(info, scale=_starting_scale(split, settings)).to(device)
        optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
        held_out: list[float] = []
        best, best_epoch, kept = -math.inf, 0, _weights(network)
        status = f"training was cut off after {settings.max_epochs} epochs"
        with track("training a head on frozen features", total=settings.max_epochs) as advance:
            for epoch in range(settings.max_epochs):
                if not _train_epoch(network, optimiser, split, info, epoch):
                    status = f"training diverged in epoch {epoch + 1}"
                    break
                held_out.append(_score_held_out(info, network, split, score))
                advance()
                if held_out[-1] > best:
                    best, best_epoch, kept = held_out[-1], epoch + 1, _weights(network)
                if epoch + 1 - best_epoch >= settings.patience:
                    status = "ok"
                    break
    if not best_epoch:
        status = f"no epoch had a score on the held-out sentences; {status}"
    about = {
        "n_train": split.n_train,
        "n_held_out": len(split.dev_places),
        "n_epochs": best_epoch,
        "held_out": tuple(held_out),
        "status": status,
    }
    return FrozenHead(info.model_copy(update=about), kept)


def _train_epoch(
    network: MixingNetwork,
    optimiser: torch.optim.Optimizer,
    split: _Split,
    info: FrozenHeadInfo,
    epoch: int,
) -> bool:
    """Train for one pass over the data, and return whether all losses were finite."""
    settings, device = info.settings, network.output.weight.device
    batches = LengthGroupedBatches(
        split.train.units[1][split.train_units], settings.batch_size, settings.seed
    )
    batches.set_epoch(epoch)
    targets = _targets(split.train, info)
    total = torch.zeros((), device=device)
    network.train()
    for chosen in batches:
        batch = read_batch(split.train, split.train_units[chosen], device)
        loss = _loss(network(batch.stack, batch.lengths), targets[batch.places], info)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), settings.max_grad_norm)
        optimiser.step()
        total += loss.detach()
    return bool(torch.isfinite(total))


def _loss(outputs: torch.Tensor, targets: np.ndarray, info: FrozenHeadInfo) -> torch.Tensor:
    if info.label is LabelKind.NUMBER:
        numbers = torch.from_numpy(targets).to(outputs)
        return nn.functional.mse_loss(outputs[:, 0], numbers)
    classes = torch.from_numpy(targets).to(outputs.device)
    return nn.functional.cross_entropy(outputs, classes, ignore_index=_UNKNOWN)


def _score_held_out(
    info: FrozenHeadInfo, network: MixingNetwork, split: _Split, score: Score | None
) -> float:
    """Return the score on the held-out examples, minus infinity where it is undefined."""
    outputs = network_outputs(network, split.dev, split.dev_units)
    places = split.dev_places
    if score is None:
        targets = _targets(split.dev, info)[places]
        value = -float(_loss(torch.from_numpy(outputs), targets, info))
    else:
        gold, sentences = split.dev.known_labels[places], split.dev.sentence_ids[places]
        value = float(score(gold, decode(outputs, info), sentences))
    return -math.inf if math.isnan(value) else value


def _starting_scale(split: _Split, settings: FrozenHeadSettings) -> float:
    """Return the γ with which the mix of all layers in equal shares has a mean square of 1."""
    starts = split.train.units[0][split.train_units]
    some = np.unique(starts[np.linspace(0, len(starts) - 1, min(len(starts), _ROWS_FOR_SCALE)).astype(int)])
    stack = split.train.read(some)
    if settings.layer_norm:
        stack = nn.functional.layer_norm(torch.from_numpy(stack), stack.shape[-1:]).numpy()
    mean_square = float(np.mean(np.square(stack.mean(axis=0, dtype=np.float64))))
    return 1 / math.sqrt(mean_square) if mean_square > 0 else 1.0


def _weights(network: MixingNetwork) -> dict[str, np.ndarray]:
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in network.state_dict().items()}


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch within this context, and put its generators back afterwards."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
