"""Training of many edge probes together, each until it no longer gets better on the development set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from tunescope._core.progress import track
from tunescope._core.seeds import derive_seed, make_rng
from tunescope._core.threads import number_of_threads
from tunescope.measures.probing.edge_settings import EdgeSettings
from tunescope.measures.probing.engine.edge import (
    EdgeSize,
    Examples,
    edge_logits,
    gather,
    initial_weights,
    layer_weights,
    pieces,
)
from tunescope.measures.probing.engine.threads import torch_threads
from tunescope.measures.probing.labelled_spans import LayerWords, Spans
from tunescope.models.devices import choose_device

__all__ = ["TrainedEdges", "read_edges", "train_edges"]

_EXAMPLES_TO_READ = 512
"""Most examples that are read at once outside training."""


@dataclass(frozen=True)
class TrainedEdges:
    """Probes at their best epochs.

    Attributes:
        size: Their sizes.
        allowed: Shape (probe, layer); which layers each of them mixes.
        theta: Shape (probe, number); the flat parameters.
        best_epoch: Shape (probe,); the epoch that they are of, 0 for the start.
        dev_f1: Shape (probe,); micro-F1 there on the development set.
        dev_loss: Shape (probe,); the loss there; infinite where it never was finite.
        ended: Shape (probe,); whether training ended by itself rather than at the last epoch.
    """

    size: EdgeSize
    allowed: Bool[np.ndarray, "probe layer"]
    theta: Float[np.ndarray, "probe number"]
    best_epoch: Int[np.ndarray, " probe"]
    dev_f1: Float[np.ndarray, " probe"]
    dev_loss: Float[np.ndarray, " probe"]
    ended: Bool[np.ndarray, " probe"]

    def mixes(self) -> tuple[Float[np.ndarray, "probe layer"], Float[np.ndarray, " probe"]]:
        """Return the weight of every layer in each probe's mix, and γ."""
        weights = self.size.unpack(torch.from_numpy(self.theta))
        shares = layer_weights(weights["mix"].double(), torch.from_numpy(self.allowed))
        return shares.numpy(), weights["gamma"][:, 0].double().numpy()


def train_edges(
    members: Sequence[Sequence[int]],
    n_labels: int,
    train: Examples,
    dev: Examples,
    settings: EdgeSettings,
    *,
    seed: int,
    device: str,
    n_jobs: int | None,
) -> TrainedEdges:
    """Return a probe for each member, which names the layers that it mixes.

    All start from the same parameters and see the same batches and dropout, so that each comes out as if trained alone.
    """
    n_layers, _, hidden_size = train.vectors.shape
    size = EdgeSize(n_layers, hidden_size, train.spans.shape[1], settings.projection_size, n_labels)
    allowed = np.array([[layer in member for layer in range(n_layers)] for member in members])
    with torch_threads(_threads(n_jobs)), track("edge probes", total=settings.max_epochs) as advance:
        racing = _Racing(size, torch.from_numpy(allowed), settings, seed, choose_device(device))
        best = _Best(racing.theta)
        for epoch in range(1, settings.max_epochs + 1):
            racing.train(train)
            best.update(epoch, racing, *racing.evaluate(dev))
            advance(1)
            if not racing.keep(epoch - best.epoch[racing.numbers] < settings.patience):
                break
    ended = ~np.isin(np.arange(len(allowed)), racing.numbers)
    return TrainedEdges(size, allowed, best.theta.cpu().numpy(), best.epoch, best.f1, best.loss, ended)


def read_edges(
    trained: TrainedEdges, vectors: LayerWords, spans: Spans, *, device: str, n_jobs: int | None
) -> Float[np.ndarray, "probe example label"]:
    """Return the logit of every label."""
    place = choose_device(device)
    examples = Examples(vectors, spans, np.zeros(len(spans), dtype=np.int64))
    with torch_threads(_threads(n_jobs)), torch.inference_mode():
        theta, allowed = (torch.from_numpy(part).to(place) for part in (trained.theta, trained.allowed))
        logits = [found.cpu() for _, found in _read(trained.size, theta, allowed, examples)]
    return torch.cat(logits, dim=1).numpy()


class _Racing:
    """The probes that are still in training, with their Adam."""

    def __init__(
        self, size: EdgeSize, allowed: Tensor, settings: EdgeSettings, seed: int, device: torch.device
    ) -> None:
        self.size, self.settings, self.allowed = size, settings, allowed.to(device)
        self.numbers = np.arange(len(allowed))
        self.order = make_rng(seed, "edge probe", "order")
        self.noise = torch.Generator().manual_seed(derive_seed(seed, "edge probe", "dropout"))
        start = initial_weights(size, derive_seed(seed, "edge probe", "start")).to(device)
        self.theta = start.repeat(len(allowed), 1).requires_grad_()
        self.adam = self._new_adam()

    def train(self, examples: Examples) -> None:
        """Update every probe with all examples, in a new order."""
        n, size = len(examples.gold), self.settings.batch_size
        for batch in np.split(self.order.permutation(n), range(size, n, size)):
            self._step(examples.some(batch))

    def _step(self, batch: Examples) -> None:
        """Update every probe with its own mean loss over the batch."""
        n, device, kept = len(batch.gold), self.theta.device, 1 - self.settings.dropout
        dropped = torch.full((n, self.size.projection_size), kept).bernoulli(generator=self.noise) / kept
        gold, dropped = torch.from_numpy(batch.gold).to(device), dropped.to(device)
        self.adam.zero_grad()
        for piece in pieces(batch.spans, self.size.words_at_once(len(self.numbers)), n):
            parts = gather(batch.vectors, batch.spans[piece], device)
            logits = edge_logits(self.size.unpack(self.theta), self.allowed, parts, dropped[piece])
            (_loss(logits, gold[piece]).sum() / n).backward()  # type: ignore[no-untyped-call]
        self._clip_gradients()
        self.adam.step()

    def evaluate(self, dev: Examples) -> tuple[Float[np.ndarray, " probe"], Float[np.ndarray, " probe"]]:
        """Return micro-F1 and the mean loss of each probe."""
        gold = torch.from_numpy(dev.gold).to(self.theta.device)
        sums = torch.zeros(3, len(self.numbers), dtype=torch.float64)
        with torch.inference_mode():
            for piece, logits in _read(self.size, self.theta, self.allowed, dev):
                right = gold[piece].expand(len(logits), -1)[..., None]
                hits = (logits.gather(2, right) >= 0).sum(dim=(1, 2))
                assigned = (logits >= 0).sum(dim=(1, 2))
                sums += torch.stack([hits, assigned, _loss(logits, gold[piece])]).cpu()
        hits, assigned, loss = sums
        return (2 * hits / (assigned + len(gold))).numpy(), (loss / len(gold)).numpy()

    def keep(self, going_on: Bool[np.ndarray, " probe"]) -> bool:
        """Go on with some of the probes alone, and tell whether there are any."""
        if not going_on.all():
            rows = torch.from_numpy(going_on).to(self.theta.device)
            state = self.adam.state[self.theta]
            self.numbers, self.allowed = self.numbers[going_on], self.allowed[rows]
            self.theta = self.theta.detach()[rows].requires_grad_()
            self.adam = self._new_adam()
            self.adam.state[self.theta] = {k: v[rows] if v.ndim else v for k, v in state.items()}
        return bool(going_on.any())

    def _new_adam(self) -> torch.optim.Adam:
        return torch.optim.Adam([self.theta], lr=self.settings.learning_rate, fused=True)

    def _clip_gradients(self) -> None:
        gradient = self.theta.grad
        assert gradient is not None
        norm = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
        factor = (self.settings.max_gradient_norm / norm).clamp(max=1.0)
        if bool((factor < 1).any()):
            gradient *= factor


class _Best:
    """The best of what each probe was, by micro-F1 on the development set, and by the loss where that is equal."""

    def __init__(self, start: Tensor) -> None:
        self.theta = start.detach().clone()
        self.epoch = np.zeros(len(start), dtype=np.int64)
        self.f1, self.loss = np.full(len(start), np.nan), np.full(len(start), np.inf)

    def update(self, epoch: int, racing: _Racing, f1: np.ndarray, loss: np.ndarray) -> None:
        """Take over the probes that got better."""
        earlier_f1, earlier_loss = self.f1[racing.numbers], self.loss[racing.numbers]
        higher = np.isnan(earlier_f1) | (f1 > earlier_f1)
        better = np.isfinite(loss) & (higher | ((f1 == earlier_f1) & (loss < earlier_loss)))
        mine = racing.numbers[better]
        self.epoch[mine], self.f1[mine], self.loss[mine] = epoch, f1[better], loss[better]
        self.theta[torch.from_numpy(mine)] = racing.theta.detach()[torch.from_numpy(better)]


def _loss(logits: Tensor, gold: Tensor) -> Tensor:
    """Return binary cross-entropy summed over labels and examples, (probe,)."""
    target = functional.one_hot(gold, logits.shape[2]).to(logits.dtype).expand_as(logits)
    return functional.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(dim=(1, 2))


def _read(
    size: EdgeSize, theta: Tensor, allowed: Tensor, examples: Examples
) -> Iterator[tuple[slice, Tensor]]:
    weights = size.unpack(theta)
    for piece in pieces(examples.spans, size.words_at_once(len(theta)), _EXAMPLES_TO_READ):
        parts = gather(examples.vectors, examples.spans[piece], theta.device)
        yield piece, edge_logits(weights, allowed, parts)


def _threads(n_jobs: int | None) -> int | None:
    return None if n_jobs is None else number_of_threads(n_jobs)
