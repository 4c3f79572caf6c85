"""Training of a stack of perceptrons: passes over the data, and an early stop for each member."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.utils import check_random_state, shuffle

from tunescope.measures.probing.engine.mlp_stack import MLPStack
from tunescope.measures.probing.mlp_settings import MLPSettings

__all__ = ["Fold", "MLPTraining", "Member", "ProbeData"]

_EVALUATED_AT_ONCE = 2000
"""Rows; bounds the memory of an evaluation."""


@dataclass(frozen=True)
class ProbeData:
    """Examples as tensors.

    Attributes:
        x: Shape (example, input), in the format of products.
        y: Shape (example,); classes from 0.
        n_classes: Number of classes.
        dtype: Format of parameters.
    """

    x: torch.Tensor
    y: torch.Tensor
    n_classes: int
    dtype: torch.dtype

    @classmethod
    def of(
        cls, x: np.ndarray, y: np.ndarray, n_classes: int, device: torch.device, *, bfloat16: bool
    ) -> ProbeData:
        """Copy arrays to a device; float64 stays, all else becomes float32."""
        dtype = torch.float64 if x.dtype == np.float64 else torch.float32
        kept = torch.bfloat16 if bfloat16 else dtype
        return cls(
            torch.tensor(x, dtype=kept, device=device),
            torch.tensor(y, dtype=torch.int64, device=device),
            n_classes,
            dtype,
        )


@dataclass(frozen=True)
class Fold:
    """Rows to train on, and rows to be scored on (perhaps none)."""

    train: np.ndarray
    validation: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Member:
    """What became of one perceptron.

    Attributes:
        layers: Matrix (input, output) and biases of each layer, if they were to be kept.
        loss_curve: Mean training loss, penalty included, of each epoch.
        n_epochs: How many epochs it was trained for.
        best_epoch: The epoch whose weights these are, from 1.
        accuracy: Share of the validation rows that are right; NaN without such rows.
        codelength: Mean −log2 p of the validation rows, in bits; NaN without such rows.
        status: ``"ok"``, or what is wrong with the fit.
    """

    layers: list[tuple[np.ndarray, np.ndarray]]
    loss_curve: list[float]
    n_epochs: int
    best_epoch: int
    accuracy: float
    codelength: float
    status: str


class MLPTraining:
    """Perceptrons of one shape in training: one for each fold and penalty.

    Given one fold and one penalty, it trains as scikit-learn's ``MLPClassifier`` does with the same random state: the
    same initial weights, batches, steps and, by the training loss, the same last epoch. All members of a fold
    meet the same batches.

    Args:
        data: The examples.
        folds: Rows of each fold; all take the same number of steps in an epoch.
        hidden_sizes: Units of each hidden layer; empty for a linear probe.
        penalties: α of each penalty.
        seed: Seed of weights and batches.
        settings: How to train.
        keep_weights: Whether the members that have stopped keep their weights.
    """

    def __init__(
        self,
        data: ProbeData,
        folds: Sequence[Fold],
        hidden_sizes: tuple[int, ...],
        penalties: Sequence[float],
        seed: int,
        settings: MLPSettings,
        *,
        keep_weights: bool = True,
    ) -> None:
        self._data, self._folds, self._settings = data, folds, settings
        self._keep_weights = keep_weights
        self._sizes = (data.x.shape[1], *hidden_sizes, data.n_classes)
        self._stack = MLPStack(
            self._sizes,
            np.outer([settings.penalty_scale(len(fold.train)) for fold in folds], penalties).ravel(),
            learning_rate=settings.learning_rate,
            dtype=data.dtype,
            compute=data.x.dtype if data.x.dtype != data.dtype else None,
            device=data.x.device,
        )
        self._draws = [check_random_state(seed) for _ in folds]
        for number, draw in enumerate(self._draws):
            self._stack.initialise(slice(number * len(penalties), (number + 1) * len(penalties)), draw)
        self._orders = [np.arange(len(fold.train)) for fold in folds]
        n_members = len(self._stack)
        self.members: list[Member | None] = [None] * n_members
        self._curves: list[list[float]] = [[] for _ in range(n_members)]
        self._fold_of = np.repeat(np.arange(len(folds)), len(penalties))
        self._active = np.arange(n_members)
        self._best = [_Best() for _ in range(n_members)]
        self.n_epochs = 0

    @property
    def active(self) -> np.ndarray:
        """The members that have not stopped."""
        return self._active

    def run(self, n_epochs: int, check: Callable[[], None] = lambda: None) -> None:
        """Train until all members have stopped, or for ``n_epochs`` in all; ``check`` is called before each epoch."""
        while len(self._active) and self.n_epochs < min(n_epochs, self._settings.max_epochs):
            check()
            losses = self._epoch()
            self.n_epochs += 1
            validated = self.validate() if self._settings.stopping == "validation loss" else None
            self._note(losses, validated)

    def standing(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return validation accuracy, epochs and status (empty while it trains) of each member."""
        accuracy = np.array([np.nan if member is None else member.accuracy for member in self.members])
        if len(self._active):
            accuracy[self._active] = self.validate()[:, 0]
        n_epochs = np.array([self.n_epochs if member is None else member.n_epochs for member in self.members])
        status = np.array(["" if member is None else member.status for member in self.members], dtype=object)
        return accuracy, n_epochs, status

    def validate(self) -> np.ndarray:
        """Return accuracy and mean codelength in bits on the validation rows, (active member, 2); NaN once diverged."""
        rows = [self._folds[fold].validation for fold in range(len(self._folds))]
        index, valid = _grid(rows)
        sums = torch.zeros(len(self._active), 2, dtype=torch.float64)
        for start in range(0, index.shape[1], _EVALUATED_AT_ONCE):
            part = slice(start, start + _EVALUATED_AT_ONCE)
            x, y, counted = self._take(index[:, part], valid[:, part])
            log_p = self._stack.log_probabilities(x)
            y = y.expand(len(self._active), -1, -1)
            bits = -torch.gather(log_p, 2, y) / np.log(2)
            right = torch.where(bits.isnan(), bits, (log_p.argmax(2, keepdim=True) == y).to(bits))
            both = torch.stack([torch.where(counted, each, 0.0).sum((1, 2)) for each in (right, bits)], 1)
            sums += both.cpu().double()
        n = np.array([len(rows[fold]) for fold in self._fold_of[self._active]], dtype=np.float64)
        means: np.ndarray = sums.numpy() / np.where(n > 0, n, np.nan)[:, None]
        return means

    def drop(self, members: np.ndarray) -> None:
        """Take members out of training, as they are now."""
        self._finish(["dropped" if member in members else None for member in self._active])

    def _epoch(self) -> np.ndarray:
        """Take a step on each batch; return the mean loss of each active member."""
        settings, n_folds = self._settings, len(self._folds)
        self._orders = [
            shuffle(order, random_state=draw) for order, draw in zip(self._orders, self._draws, strict=True)
        ]
        rows = [fold.train[order] for fold, order in zip(self._folds, self._orders, strict=True)]
        index, valid = _grid(rows)
        total = torch.zeros(len(self._active), dtype=self._data.dtype, device=self._data.x.device)
        for start in range(0, index.shape[1], settings.batch_size):
            part = slice(start, start + settings.batch_size)
            x, y, counted = self._take(index[:, part], valid[:, part])
            whole = n_folds == 1 or bool(valid[:, part].all())
            total += self._stack.step(x, y, None if whole else counted.to(self._data.dtype))
        n = np.array([len(rows[fold]) for fold in self._fold_of[self._active]])
        means: np.ndarray = total.cpu().double().numpy() / n
        return means

    def _take(
        self, index: torch.Tensor, valid: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return inputs, classes and validity of rows (fold, n): once for all where there is one fold, or by member."""
        device = self._data.x.device
        if len(self._folds) > 1:
            fold = torch.from_numpy(self._fold_of[self._active])
            index, valid = index[fold], valid[fold]
        chosen = index.to(device)
        x = self._data.x.index_select(0, chosen.reshape(-1)).view(*chosen.shape, -1)
        return x, self._data.y[chosen].unsqueeze(2), valid.to(device).unsqueeze(2)

    def _note(self, losses: np.ndarray, validated: np.ndarray | None) -> None:
        """Keep the losses of an epoch, and let members go whose time has come."""
        statuses: list[str | None] = []
        for place, member in enumerate(self._active):
            self._curves[member].append(float(losses[place]))
            best = self._best[member]
            if validated is None:
                best.note(losses[place], self.n_epochs, self._settings.tolerance)
            elif best.note(validated[place, 1], self.n_epochs, self._settings.tolerance):
                best.parameters, best.scores = self._stack.parameters(place), validated[place]
            statuses.append(self._status(losses[place], best))
        self._finish(statuses)

    def _status(self, loss: float, best: _Best) -> str | None:
        """Return why a member stops, ``None`` where it goes on."""
        if not np.isfinite(loss):
            return "diverged: the loss is not finite"
        if best.n_stalled > self._settings.patience:
            return "ok"
        if self.n_epochs >= self._settings.max_epochs:
            return f"did not converge within {self._settings.max_epochs} epochs"
        return None

    def _finish(self, statuses: Sequence[str | None]) -> None:
        """Write down the members that have a status, and go on with the others."""
        if not any(statuses):
            return
        scores = self.validate()
        for place, (member, status) in enumerate(zip(self._active, statuses, strict=True)):
            if status is None:
                continue
            best = self._best[member]
            if best.parameters is None:
                best.parameters, best.scores, best.epoch = (
                    self._stack.parameters(place),
                    scores[place],
                    self.n_epochs,
                )
            self.members[member] = Member(
                layers=self._stack.layers_of(best.parameters) if self._keep_weights else [],
                loss_curve=self._curves[member],
                n_epochs=self.n_epochs,
                best_epoch=best.epoch,
                accuracy=float(best.scores[0]),
                codelength=float(best.scores[1]),
                status=status,
            )
            best.parameters = None
        staying = np.array([status is None for status in statuses])
        self._active = self._active[staying]
        self._stack.keep(torch.from_numpy(np.flatnonzero(staying)).to(self._data.x.device))


@dataclass
class _Best:
    """The lowest loss of a member so far, and for how many epochs in a row it has not been lowered enough."""

    loss: float = float("inf")
    n_stalled: int = 0
    epoch: int = 0
    parameters: torch.Tensor | None = None
    scores: np.ndarray = field(default_factory=lambda: np.full(2, np.nan))

    def note(self, loss: float, epoch: int, tolerance: float) -> bool:
        """Take the loss of an epoch; return whether it is the lowest."""
        self.n_stalled = self.n_stalled + 1 if loss > self.loss - tolerance else 0
        lower = bool(loss < self.loss)
        if lower:
            self.loss, self.epoch = loss, epoch
        return lower


def _grid(rows: Sequence[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the rows of several folds as (fold, n), shorter ones filled up with row 0, and which of them count."""
    n = max(map(len, rows))
    index = np.zeros((len(rows), n), dtype=np.int64)
    valid = np.zeros((len(rows), n), dtype=bool)
    for number, each in enumerate(rows):
        index[number, : len(each)] = each
        valid[number, : len(each)] = True
    return torch.from_numpy(index), torch.from_numpy(valid)
