"""MiniLM with one layer changed on purpose, and its vectors of generated sentences; what lies below is run once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from tunescope.models.alignment import tokenize
from tunescope.models.batching import pad_sequences, plan_batches
from tunescope.models.encoder import Encoder
from tunescope.models.layer_stack import Hidden, LayerCall, LayerStack
from tunescope.models.pooling import PartIndex, PoolingPlan, plan_pooling, pool
from tunescope.tasks.treebank import treebank_task

__all__ = ["CHANGES", "Change", "Corpus", "Head", "Sample", "fit_head"]

Head = Callable[[torch.Tensor, np.ndarray], torch.Tensor]
"""A loss of pooled vectors and the numbers of their targets."""

_N_STEPS = 4
_SHORTEST_PATH = 0.01
"""Share of the matrices' norm; shorter steps would drown in the rounding of the weights."""


class Corpus:
    """Generated sentences whose words are the targets, tokenised for an encoder.

    Attributes:
        encoder: The encoder as it was.
        stack: Its layers.
        sentences: The sentence of each target.
        tags: The part of speech of each target.
        places: The place of each target in its sentence, from 0 to below 1.
    """

    def __init__(self, encoder: Encoder, n_sentences: int) -> None:
        task = treebank_task("pos", n_train=n_sentences, n_dev=0, n_test=1, n_out_of_domain=0)
        examples = task.splits["train"]
        lengths = np.array([len(example.targets) for example in examples])
        self.encoder = encoder
        self.stack = LayerStack(encoder.model)
        self.n_sentences = n_sentences
        self.sentences = np.repeat(np.arange(n_sentences), lengths)
        self.tags = np.array([str(target.label) for example in examples for target in example.targets])
        self.places = np.concatenate([np.arange(length) / length for length in lengths])
        self._tokenized = tokenize(
            encoder.tokenizer_for(task.target), examples, task.target, max_length=encoder.max_length
        )
        self._index = PartIndex(self._tokenized)

    def batches(
        self, chosen: np.ndarray, token_budget: int
    ) -> Iterator[tuple[dict[str, torch.Tensor], PoolingPlan]]:
        """Yield the inputs of batches of some sentences, and how to pool them."""
        for places in plan_batches(self._tokenized.lengths[chosen], token_budget):
            sequences = chosen[places]
            inputs = pad_sequences(self._tokenized, sequences, int(self.encoder.tokenizer.pad_token_id))
            yield inputs, plan_pooling(self._tokenized, self._index, sequences)

    def vectors(self, encoder: Encoder, token_budget: int) -> np.ndarray:
        """Return the vectors of all targets at every layer of an encoder, shape (layer, target, hidden)."""
        found = np.empty(
            (len(self.stack) + 1, len(self.sentences), self.encoder.hidden_size), dtype=np.float32
        )
        with torch.no_grad():
            for inputs, plan in self.batches(np.arange(self.n_sentences), token_budget):
                states = encoder.model(**inputs, output_hidden_states=True).hidden_states
                for layer, hidden in enumerate(states):
                    found[layer, plan.target] = pool(hidden, plan.positions, plan.offsets).float().numpy()
        return found

    def targets_of(self, chosen: np.ndarray) -> np.ndarray:
        """Return the targets of some sentences, in the order of the corpus."""
        return np.flatnonzero(np.isin(self.sentences, chosen))


@dataclass(frozen=True)
class _Batch:
    """What the encoder as it was makes of a batch: its vectors after each layer, and its layers ready to be called."""

    plan: PoolingPlan
    calls: list[LayerCall]
    states: list[Hidden]


class Sample:
    """Some sentences, run through the encoder as it was; a changed layer and those above it can be run anew."""

    def __init__(self, corpus: Corpus, chosen: np.ndarray, *, token_budget: int) -> None:
        self.corpus = corpus
        self.targets = corpus.targets_of(chosen)
        self._batches = []
        with torch.no_grad():
            for inputs, plan in corpus.batches(chosen, token_budget):
                embeddings, calls = corpus.stack.take_apart(inputs)
                states = [embeddings]
                for layer, call in zip(corpus.stack.layers, calls, strict=True):
                    states.append(call(layer, states[-1]))
                self._batches.append(_Batch(plan, calls, states))

    def vectors(self, layer: int, changed: nn.Module) -> np.ndarray:
        """Return the vectors of the sample's targets at every layer, with one layer changed."""
        n_layers, n_targets = len(self.corpus.stack) + 1, len(self.corpus.sentences)
        found = np.empty((n_layers, n_targets, self.corpus.encoder.hidden_size), dtype=np.float32)
        with torch.no_grad():
            for batch in self._batches:
                for number, hidden in enumerate(self._states(batch, layer, changed)):
                    pooled = pool(hidden, batch.plan.positions, batch.plan.offsets)
                    found[number, batch.plan.target] = pooled.numpy()
        return found[:, self.targets]

    def losses(self, layer: int, changed: nn.Module, head: Head) -> Iterator[torch.Tensor]:
        """Yield for each batch, in random order but always the same, how badly a head reads the parts of speech."""
        order = np.random.default_rng(0).permutation(len(self._batches))
        for batch in (self._batches[number] for number in order):
            *_, top = self._states(batch, layer, changed)
            pooled = pool(top, batch.plan.positions, batch.plan.offsets)
            yield head(pooled, batch.plan.target)

    def _states(self, batch: _Batch, layer: int, changed: nn.Module) -> Iterator[Hidden]:
        yield from batch.states[:layer]
        hidden = batch.calls[layer - 1](changed, batch.states[layer - 1])
        yield hidden
        layers = self.corpus.stack.layers
        for number in range(layer, len(layers)):
            hidden = batch.calls[number](layers[number], hidden)
            yield hidden


def fit_head(corpus: Corpus, top: np.ndarray) -> Head:
    """Return the loss of reading parts of speech from top-layer vectors by least squares; the reading stays fixed."""
    classes, numbers = np.unique(corpus.tags, return_inverse=True)
    rows = np.concatenate([top.astype(np.float64), np.ones((len(top), 1))], axis=1)
    gram = rows.T @ rows + np.eye(rows.shape[1])
    weights = torch.from_numpy(np.linalg.solve(gram, rows.T @ np.eye(len(classes))[numbers])).float()
    gold = torch.from_numpy(numbers)

    def loss(pooled: torch.Tensor, targets: np.ndarray) -> torch.Tensor:
        scores = pooled @ weights[:-1] + weights[-1]
        return nn.functional.cross_entropy(10 * scores, gold[torch.from_numpy(targets)])

    return loss


@dataclass(frozen=True)
class Change:
    """A change of one layer's matrices.

    Attributes:
        kind: ``"noise"``, ``"rotation"`` or ``"retraining"``.
        layer: The layer, from 1.
        strength: Norm of the change over the norm of the matrices.
        seed: Of noise and rotation.
    """

    kind: str
    layer: int
    strength: float
    seed: int

    def apply(self, sample: Sample, head: Head) -> tuple[nn.Module, float]:
        """Return the changed layer, and by what share of their norm its matrices differ as they are stored."""
        original = sample.corpus.stack.layers[self.layer - 1]
        changed = copy.deepcopy(original)
        CHANGES[self.kind](self, changed, sample, head)
        pairs = zip(_matrices(original), _matrices(changed), strict=True)
        moved = _norm(new.double() - old.double() for old, new in pairs)
        return changed, moved / _norm(_matrices(original))


def _add_noise(change: Change, layer: nn.Module, sample: Sample, head: Head) -> None:
    """Add Gaussian noise to each matrix, whose norm is the strength times the matrix's."""
    del sample, head
    generator = torch.Generator().manual_seed(change.seed)
    for matrix in _matrices(layer):
        noise = torch.randn(matrix.shape, generator=generator, dtype=torch.float64)
        _move(matrix, noise, change.strength * _norm([matrix]) / _norm([noise]))


def _rotate(change: Change, layer: nn.Module, sample: Sample, head: Head) -> None:
    """Turn what each matrix is given by a small angle, in planes of two random coordinates each."""
    del sample, head
    generator = torch.Generator().manual_seed(change.seed)
    angle = 2 * float(np.arcsin(change.strength / 2))
    for matrix in _matrices(layer):
        one, other = torch.randperm(matrix.shape[1], generator=generator)[: matrix.shape[1] // 2 * 2].reshape(
            2, -1
        )
        old = matrix.double()
        new = old.clone()
        new[:, one] = np.cos(angle) * old[:, one] - np.sin(angle) * old[:, other]
        new[:, other] = np.sin(angle) * old[:, one] + np.cos(angle) * old[:, other]
        matrix.copy_(new.float())


def _retrain(change: Change, layer: nn.Module, sample: Sample, head: Head) -> None:
    """Take a few steps of equal length along the gradients of a tagger's loss; they end where the strength says."""
    start = [matrix.double().clone() for matrix in _matrices(layer)]
    size = _norm(start)
    for parameter in layer.parameters():
        parameter.requires_grad_(parameter.ndim == 2)
    trained = [parameter for parameter in layer.parameters() if parameter.requires_grad]
    step = max(change.strength, _SHORTEST_PATH) / _N_STEPS * size
    for _, loss in zip(range(_N_STEPS), sample.losses(change.layer, layer, head), strict=False):
        gradients = torch.autograd.grad(loss, trained)
        length = _norm(gradients)
        for matrix, gradient in zip(_matrices(layer), gradients, strict=True):
            _move(matrix, -gradient.double(), step / length)
    layer.requires_grad_(False)
    way = [matrix.double() - old for matrix, old in zip(_matrices(layer), start, strict=True)]
    for matrix, old, moved in zip(_matrices(layer), start, way, strict=True):
        matrix.copy_((old + change.strength * size / _norm(way) * moved).float())


CHANGES = {"noise": _add_noise, "rotation": _rotate, "retraining": _retrain}


def _matrices(layer: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach() for parameter in layer.parameters() if parameter.ndim == 2]


def _norm(matrices: Iterable[torch.Tensor]) -> float:
    return float(np.sqrt(sum(float(matrix.double().square().sum()) for matrix in matrices)))


def _move(matrix: torch.Tensor, direction: torch.Tensor, scale: float) -> None:
    matrix.copy_((matrix.double() + scale * direction).float())
