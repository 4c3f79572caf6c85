"""Multilayer perceptrons of one shape as batched tensors: forward pass, gradients and Adam, without autograd.

All tensors have a leading axis over members. The parameters of a member lie in one row of one tensor, so that Adam is
a single call and members can be dropped by taking rows. Buffers are kept from step to step: on a CPU, fresh memory for
every activation costs as much as the arithmetic of a small probe.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from torch.optim.adam import adam

__all__ = ["EPSILON", "MLPStack"]

_BETAS = (0.9, 0.999)
EPSILON = 1e-8
"""Adam's ε."""


class MLPStack:
    """Perceptrons with ReLU between layers and softmax at the end, each with its own L2 penalty.

    The loss of a batch of B examples is mean −log p(y | x) + α ‖W‖² / (2 B), biases not penalised, as in
    scikit-learn's ``MLPClassifier``; so are the initial weights (Glorot and Bengio 2010, uniform, biases too) and Adam
    (Kingma and Ba 2015, its ε added to the uncorrected second moment).

    Args:
        sizes: Number of inputs, of units in each hidden layer, and of classes.
        penalties: α by member.
        learning_rate: Adam's.
        dtype: Number format of parameters.
        compute: Number format of products; None for ``dtype``.
        device: Where the tensors live.
    """

    def __init__(
        self,
        sizes: tuple[int, ...],
        penalties: np.ndarray,
        *,
        learning_rate: float,
        dtype: torch.dtype,
        compute: torch.dtype | None,
        device: torch.device,
    ) -> None:
        self._shapes = list(pairwise(sizes))
        self._n_weights = sum(a * b for a, b in self._shapes)
        self._penalties = torch.tensor(penalties, dtype=dtype, device=device)
        self._learning_rate = learning_rate
        self._compute = compute
        n_parameters = self._n_weights + sum(sizes[1:])
        shape = (len(penalties), n_parameters)
        self._parameters = torch.zeros(shape, dtype=dtype, device=device)
        self._moments = [torch.zeros_like(self._parameters) for _ in range(2)]
        self._n_steps = 0
        self._arrange()

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self._parameters)

    def initialise(self, members: slice, draw: np.random.RandomState) -> None:
        """Give these members the same random weights, drawn layer by layer: the matrix, then the biases."""
        for (fan_in, fan_out), weight, bias in zip(self._shapes, self._weights, self._biases, strict=True):
            bound = math.sqrt(6 / (fan_in + fan_out))
            weight[members] = torch.from_numpy(draw.uniform(-bound, bound, (fan_in, fan_out))).to(weight)
            bias[members] = torch.from_numpy(draw.uniform(-bound, bound, fan_out)).to(bias)

    def keep(self, members: torch.Tensor) -> None:
        """Drop all members but these."""
        self._parameters = self._parameters[members]
        self._moments = [moment[members] for moment in self._moments]
        self._penalties = self._penalties[members]
        self._arrange()

    def parameters(self, member: int) -> torch.Tensor:
        """Return a copy of a member's parameters, for :meth:`layers_of`."""
        return self._parameters[member].clone()

    def layers_of(self, parameters: torch.Tensor) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return matrix (input, output) and biases of each layer from a member's parameters."""
        weights, biases = self._views(parameters.cpu()[None])
        return [
            (weight[0].numpy().copy(), bias[0, 0].numpy().copy())
            for weight, bias in zip(weights, biases, strict=True)
        ]

    def step(self, x: torch.Tensor, y: torch.Tensor, valid: torch.Tensor | None = None) -> torch.Tensor:
        """Take one step of Adam.

        Args:
            x: Shape (member or 1, example, input), in the format of products.
            y: Shape (member or 1, example, 1); classes from 0.
            valid: Shape (member, example, 1); 0 where an example only fills the batch up. None where all count.

        Returns:
            Shape (member,); the batch's loss before the step, summed over its examples.
        """
        batch = self._batch(x.shape[1])
        log_p = self._forward(x, batch)
        y = y.expand(len(self), -1, -1)
        torch.gather(log_p, 2, y, out=batch.likelihood)
        log_likelihood = batch.likelihood if valid is None else batch.likelihood * valid
        loss = -log_likelihood.sum((1, 2))
        norms = torch.linalg.vector_norm(self._parameters[:, : self._n_weights], dim=1)
        loss.addcmul_(self._penalties, norms**2, value=0.5)
        error = log_p.exp_()
        error.scatter_add_(2, y, batch.minus_one)
        if valid is None:
            n: torch.Tensor | int = x.shape[1]
            error.div_(n)
        else:
            n = valid.sum((1, 2))
            error.mul_(valid / n[:, None, None])
        self._backward(error, batch)
        self._gradients[:, : self._n_weights].addcmul_(
            self._parameters[:, : self._n_weights], (self._penalties / n).unsqueeze(1)
        )
        self._adam()
        return loss

    def log_probabilities(self, x: torch.Tensor) -> torch.Tensor:
        """Return log p of each class, of shape (member, example, class), for ``x`` as in :meth:`step`."""
        self._lower()
        hidden = x.expand(len(self), -1, -1)
        for depth, (weight, bias) in enumerate(zip(self._used_weights, self._used_biases, strict=True)):
            hidden = torch.baddbmm(bias, hidden, weight)
            if depth < len(self._shapes) - 1:
                hidden.relu_()
        return torch.log_softmax(hidden.to(self._parameters.dtype), -1)

    def _views(self, rows: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """Return each layer's matrices (member, input, output) and biases (member, 1, output) as parts of ``rows``."""
        weights, biases, start = [], [], 0
        for fan_in, fan_out in self._shapes:
            weights.append(rows[:, start : start + fan_in * fan_out].view(-1, fan_in, fan_out))
            start += fan_in * fan_out
        for _, fan_out in self._shapes:
            biases.append(rows[:, start : start + fan_out].unsqueeze(1))
            start += fan_out
        return weights, biases

    def _arrange(self) -> None:
        """Make the views and buffers that go with the present members."""
        self._weights, self._biases = self._views(self._parameters)
        self._gradients = torch.empty_like(self._parameters)
        self._used, self._used_gradients = self._parameters, self._gradients
        if self._compute is not None:
            self._used = self._parameters.to(self._compute)
            self._used_gradients = torch.empty_like(self._used)
        self._used_weights, self._used_biases = self._views(self._used)
        self._weight_gradients, self._bias_gradients = self._views(self._used_gradients)
        self._batches: dict[int, _Batch] = {}

    def _batch(self, n_examples: int) -> _Batch:
        if n_examples not in self._batches:
            widths = [fan_out for _, fan_out in self._shapes]
            self._batches[n_examples] = _Batch(len(self), n_examples, widths, self._used, self._parameters)
        return self._batches[n_examples]

    def _lower(self) -> None:
        if self._compute is not None:
            self._used.copy_(self._parameters)

    def _forward(self, x: torch.Tensor, batch: _Batch) -> torch.Tensor:
        self._lower()
        batch.inputs[0] = x.expand(len(self), -1, -1)
        for depth, (weight, bias) in enumerate(zip(self._used_weights, self._used_biases, strict=True)):
            outputs = batch.outputs[depth]
            torch.baddbmm(bias, batch.inputs[depth], weight, out=outputs)
            if depth < len(self._shapes) - 1:
                outputs.relu_()
        logits = batch.outputs[-1].to(self._parameters.dtype)
        torch.sub(logits, torch.logsumexp(logits, -1, keepdim=True), out=batch.log_p)
        return batch.log_p

    def _backward(self, error: torch.Tensor, batch: _Batch) -> None:
        """Fill the gradients from the loss's derivative by the logits."""
        delta = batch.deltas[-1].copy_(error)
        for depth in reversed(range(len(self._shapes))):
            torch.bmm(batch.inputs[depth].transpose(1, 2), delta, out=self._weight_gradients[depth])
            torch.sum(delta, 1, keepdim=True, out=self._bias_gradients[depth])
            if depth:
                below = batch.deltas[depth - 1]
                torch.bmm(delta, self._used_weights[depth].transpose(1, 2), out=below)
                # In place, the derivative of ReLU from its output.
                delta = torch.ops.aten.threshold_backward(below, batch.inputs[depth], 0.0, grad_input=below)
        if self._compute is not None:
            self._gradients.copy_(self._used_gradients)

    def _adam(self) -> None:
        # The count that the function raises by one; a tensor of its own, for it lives where the parameters do.
        count = torch.full((), float(self._n_steps), device=self._parameters.device)
        self._n_steps += 1
        correction = math.sqrt(1 - _BETAS[1] ** self._n_steps)
        adam(
            [self._parameters],
            [self._gradients],
            [self._moments[0]],
            [self._moments[1]],
            [],
            [count],
            fused=True,
            foreach=False,
            amsgrad=False,
            beta1=_BETAS[0],
            beta2=_BETAS[1],
            lr=self._learning_rate,
            weight_decay=0.0,
            eps=EPSILON / correction,
            maximize=False,
        )


class _Batch:
    """Buffers for batches of one size."""

    def __init__(
        self, n_members: int, n_examples: int, widths: list[int], used: torch.Tensor, kept: torch.Tensor
    ) -> None:
        self.outputs = [used.new_empty(n_members, n_examples, width) for width in widths]
        self.deltas = [torch.empty_like(outputs) for outputs in self.outputs]
        self.inputs = [self.outputs[0], *self.outputs[:-1]]
        self.log_p = kept.new_empty(n_members, n_examples, widths[-1])
        self.likelihood = kept.new_empty(n_members, n_examples, 1)
        self.minus_one = kept.new_full((1, 1, 1), -1.0).expand(n_members, n_examples, 1)
