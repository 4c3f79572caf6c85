"""Training of structural probes: the maps of all layers at once, each with its own rate and its own early stop."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from tunescope._core.progress import track
from tunescope.measures.probing.engine.threads import torch_threads
from tunescope.models.devices import choose_device

__all__ = ["ProbeTraining", "Sentences", "load_sentences", "train_maps"]

_MAX_ENTRIES = 2**24
_MAX_THREADS = 8
_BATCHES_PER_POOL = 32
_LEAST_IMPROVEMENT = 1e-4


@dataclass(frozen=True)
class Sentences:
    """Sentences with what a probe is to predict.

    Attributes:
        vectors: Layer × word × hidden, the words of all sentences in a row.
        starts: The first word of each sentence.
        gold: Per sentence the distances, word × word, or the depths of its words.
    """

    vectors: Tensor
    starts: Int[np.ndarray, " sentence"]
    gold: Sequence[np.ndarray]

    def only(self, chosen: Int[np.ndarray, " chosen"]) -> Sentences:
        """Return some of the sentences; the vectors are not copied."""
        return Sentences(self.vectors, self.starts[chosen], [self.gold[number] for number in chosen])


@dataclass
class ProbeTraining:
    """The training of one layer's map.

    Attributes:
        map: Hidden × rank, as training left it.
        rate: The learning rate now.
        best_map: The map of the epoch with the smallest loss on the held-out sentences.
        best_loss: That loss.
        best_epoch: That epoch, counted from 1; 0 where no loss was finite.
        n_epochs: How many epochs were run.
        converged: Whether the loss had stopped to improve before the epochs were over.
    """

    map: Tensor
    rate: float
    best_map: Tensor = field(init=False)
    best_loss: float = float("inf")
    best_epoch: int = 0
    n_epochs: int = 0
    converged: bool = False

    def __post_init__(self) -> None:
        """Begin with no momentum."""
        self.best_map = self.map.detach().clone()
        self._begin()

    def step(self) -> None:
        """Move the map against its gradient."""
        self._optimiser.step()
        self._optimiser.zero_grad()

    def end_epoch(self, loss: float, patience: int) -> None:
        """Keep the map if it is the best one; otherwise lower the rate tenfold and forget the momentum."""
        self.n_epochs += 1
        if loss < self.best_loss - _LEAST_IMPROVEMENT:
            self.best_loss, self.best_epoch, self.best_map = loss, self.n_epochs, self.map.detach().clone()
            return
        self.converged = self.n_epochs - self.best_epoch >= patience
        self.rate /= 10
        self._begin()

    def _begin(self) -> None:
        self._optimiser = torch.optim.Adam([self.map], lr=self.rate)


def load_sentences(
    vectors: Float[np.ndarray, "layer word hidden"],
    scales: Float[np.ndarray, " layer"],
    starts: Int[np.ndarray, " sentence"],
    gold: Sequence[np.ndarray],
    device: str,
) -> Sentences:
    """Put the vectors on a device in float32, those of each layer divided by its scale.

    Raises:
        ModelError: There is no such device.
    """
    scaled = np.empty(vectors.shape, dtype=np.float32)
    for layer, (own, scale) in enumerate(zip(vectors, scales, strict=True)):
        np.divide(own, scale, out=scaled[layer], casting="same_kind")
    return Sentences(torch.from_numpy(scaled).to(choose_device(device)), starts, gold)


def train_maps(
    train: Sentences,
    dev: Sentences,
    *,
    rank: int,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    patience: int,
    seed: int,
) -> list[ProbeTraining]:
    """Train a map for each layer.

    All layers begin with the same map and see the same batches, so that a layer's map does not depend on which other
    layers are trained with it.
    """
    first = _first_map(train, rank, seed)
    layers = [ProbeTraining(first.clone().requires_grad_(), learning_rate) for _ in train.vectors]
    rng = np.random.default_rng(seed)
    with (
        torch_threads(min(torch.get_num_threads(), _MAX_THREADS)),
        track("structural probe", total=epochs) as advance,
    ):
        for _ in range(epochs):
            active = [number for number, layer in enumerate(layers) if not layer.converged]
            if active:
                _train_epoch(train, [layers[number] for number in active], active, batch_size, rng)
                losses = _mean_losses(dev, [layers[number] for number in active], active, batch_size)
                for number, loss in zip(active, losses, strict=True):
                    layers[number].end_epoch(loss, patience)
            advance()
    return layers


def _first_map(train: Sentences, rank: int, seed: int) -> Tensor:
    """Return a random map after which vectors of unit variance lie about as far apart as the words in the trees."""
    hidden_size = train.vectors.shape[2]
    usual = float(np.mean([gold.mean() for gold in train.gold]))
    largest = math.sqrt(3 * usual / (2 * rank * hidden_size))
    entries = torch.rand(hidden_size, rank, generator=torch.Generator().manual_seed(seed))
    return ((2 * entries - 1) * largest).to(train.vectors.device)


def _train_epoch(
    train: Sentences,
    layers: list[ProbeTraining],
    active: list[int],
    batch_size: int,
    rng: np.random.Generator,
) -> None:
    for batch in _shuffled_batches(train, batch_size, rng):
        for chunk in _chunks(train, batch, len(active)):
            losses = _losses(train, chunk, torch.stack([layer.map for layer in layers]), active)
            (losses.sum() / len(batch)).backward()  # type: ignore[no-untyped-call]
        for layer in layers:
            layer.step()


def _mean_losses(
    dev: Sentences, layers: list[ProbeTraining], active: list[int], batch_size: int
) -> list[float]:
    by_length = np.argsort([len(gold) for gold in dev.gold], kind="stable")
    batches = np.array_split(by_length, range(batch_size, len(by_length), batch_size))
    with torch.no_grad():
        maps = torch.stack([layer.map for layer in layers])
        chunks = [chunk for batch in batches for chunk in _chunks(dev, batch, len(active))]
        total = torch.stack([_losses(dev, chunk, maps, active) for chunk in chunks]).cpu().double().sum(0)
    means: list[float] = (total / len(dev.gold)).tolist()
    return means


def _losses(
    sentences: Sentences, chosen: Int[np.ndarray, " chosen"], maps: Tensor, layers: list[int]
) -> Tensor:
    """Return, per layer, the sum over sentences of the mean absolute error of the distances or depths."""
    rows, gold, weights = _padded(sentences, chosen)
    _, n_words, hidden_size = sentences.vectors.shape
    flat = (np.array(layers)[:, None] * n_words + rows.ravel()).ravel()
    vectors = sentences.vectors.reshape(-1, hidden_size).index_select(
        0, torch.from_numpy(flat).to(maps.device)
    )
    projected = torch.bmm(vectors.view(len(layers), rows.size, hidden_size), maps)
    points = projected.view(len(layers), *rows.shape, maps.shape[2])
    predicted = _squared_distances(points) if gold.ndim == 3 else points.square().sum(-1)
    errors = (predicted - torch.from_numpy(gold).to(maps.device)).abs()
    return (errors * torch.from_numpy(weights).to(maps.device)).flatten(1).sum(1)


def _squared_distances(points: Tensor) -> Tensor:
    """Return the squared distances of the words of each sentence, from their Gram matrix.

    The first word is taken for the origin, so that no large common part of the vectors eats the digits.
    """
    points = points - points[:, :, :1]
    norms = points.square().sum(-1)
    gram = points @ points.transpose(-1, -2)
    return norms.unsqueeze(-1) + norms.unsqueeze(-2) - 2 * gram


def _padded(
    sentences: Sentences, chosen: Int[np.ndarray, " chosen"]
) -> tuple[Int[np.ndarray, "chosen longest"], Float[np.ndarray, ...], Float[np.ndarray, ...]]:
    """Return the rows of the words, what they are to give, and what each error weighs; 0 where there is no word."""
    golds = [sentences.gold[number] for number in chosen]
    longest = max(map(len, golds))
    rows = np.zeros((len(chosen), longest), dtype=np.int64)
    gold = np.zeros((len(chosen), *[longest] * golds[0].ndim), dtype=np.float32)
    weights = np.zeros_like(gold)
    for place, (start, own) in enumerate(zip(sentences.starts[chosen], golds, strict=True)):
        rows[place, : len(own)] = np.arange(start, start + len(own))
        inside: tuple[int | slice, ...] = (place, *(slice(len(own)) for _ in own.shape))
        gold[inside], weights[inside] = own, 1 / own.size
    return rows, gold, weights


def _shuffled_batches(
    sentences: Sentences, batch_size: int, rng: np.random.Generator
) -> Iterator[Int[np.ndarray, " batch"]]:
    """Yield batches of sentences of about one length, in random order, that differ from epoch to epoch."""
    lengths = np.array([len(gold) for gold in sentences.gold])
    order = rng.permutation(len(lengths))
    pool = batch_size * _BATCHES_PER_POOL
    batches = []
    for start in range(0, len(order), pool):
        mine = order[start : start + pool]
        mine = mine[np.argsort(lengths[mine], kind="stable")]
        batches += np.array_split(mine, range(batch_size, len(mine), batch_size))
    for number in rng.permutation(len(batches)):
        yield batches[number]


def _chunks(
    sentences: Sentences, batch: Int[np.ndarray, " batch"], n_layers: int
) -> Iterator[Int[np.ndarray, " chunk"]]:
    """Yield the sentences of a batch, so many at once that what is computed for pairs of words stays small."""
    longest = max(len(sentences.gold[number]) for number in batch)
    size = max(1, _MAX_ENTRIES // (n_layers * longest**2))
    for start in range(0, len(batch), size):
        yield batch[start : start + size]
