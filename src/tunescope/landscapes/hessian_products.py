"""Products of the training loss's Hessian with vectors, a batch at a time and without the Hessian."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int

from tunescope._core.errors import InputError, ModelError
from tunescope.landscapes.flat_vectors import Flat, inner_product

__all__ = ["BatchLosses", "HessianProducts", "Vector"]

Vector = Sequence[torch.Tensor]
"""A direction in weight space: a tensor for each parameter, of its shape."""

BatchLosses = Callable[[], Iterable[tuple[torch.Tensor, int]]]
"""When called, gives the mean loss over each batch's examples, and how many these are, batch after batch."""

_SAME_LOSS = 1e-4
"""The share of a loss that rounding can change from one pass to the next on a GPU; dropout changes far more."""


class _Pass(NamedTuple):
    """What a pass over all batches saw."""

    losses: Float[np.ndarray, " batch"]
    n_examples: Int[np.ndarray, " batch"]


class HessianProducts:
    """The Hessian of the mean loss over all examples, which can be multiplied by vectors.

    H v is the derivative of the gradient along v (Pearlmutter 1994), here by differentiating twice: the gradient of a
    batch's loss is computed with its own graph, and that graph is differentiated with v as the outer derivative. The
    batches' products are averaged with their numbers of examples as weights, so that batches of unequal size give
    the Hessian of the mean over examples. Memory is that of one batch (its graph twice) and a few vectors.

    The model must be in eval mode: with dropout each pass would have another loss, which is noticed and refused.
    Attention must run in a form that has a second derivative, see
    :func:`tunescope.landscapes.eager_attention.eager_attention`. The weights and their ``.grad`` are left alone;
    parameters that are frozen are treated as free during a product, and are frozen again after it.

    Args:
        parameters: The weights to differentiate by, distinct, on one device, all float32 or all float64; the Hessian
            is that of the loss as a function of these alone. Those of some layers or of one group will do.
        losses: Called for each pass over the data; gives ``(mean loss over the batch, number of examples)`` for every
            batch, in the same order each time. A generator function keeps memory to one batch. What an example is,
            is whatever the mean is over: a sentence, or a token.

    Attributes:
        parameters: The weights.
        n_products: How many products over all batches were made so far.

    Raises:
        InputError: There are no parameters, one of them is there twice or is no leaf, or they are of mixed or unfit
            type or device.

    >>> weights = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> products = HessianProducts([weights], lambda: [((weights**3).sum(), 1)])
    >>> products.apply([torch.tensor([1.0, 1.0])])
    [tensor([ 6., 12.])]
    """

    def __init__(self, parameters: Iterable[torch.Tensor], losses: BatchLosses) -> None:
        self.parameters = tuple(parameters)
        _check_parameters(self.parameters)
        self.n_products = 0
        self._losses = losses
        self._sizes = [parameter.numel() for parameter in self.parameters]
        self._seen: _Pass | None = None

    @property
    def n_parameters(self) -> int:
        """How many weights there are, which is the Hessian's number of rows."""
        return sum(self._sizes)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.parameters[0].device

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the weights, and of the vectors."""
        return self.parameters[0].dtype

    @property
    def batch_losses(self) -> Float[np.ndarray, " batch"]:
        """The mean loss of each batch, from the first pass; if there was none yet, one is made."""
        return self._first_pass().losses

    @property
    def n_examples(self) -> Int[np.ndarray, " batch"]:
        """How many examples each batch has."""
        return self._first_pass().n_examples

    @property
    def loss(self) -> float:
        """The mean loss over all examples."""
        seen = self._first_pass()
        return float(np.average(seen.losses, weights=seen.n_examples))

    def apply(self, vector: Vector) -> list[torch.Tensor]:
        """Return H v.

        Args:
            vector: A tensor for each parameter, of its shape.

        Returns:
            Tensors of the parameters' shapes; loss per weight, for a v in units of weights. NaN if the loss is not
            finite, and not finite where a derivative is not.

        Raises:
            InputError: The vector does not fit, or the losses are not what they have to be: none, no single number,
                computed without a graph, of no whole number of examples, or other ones than in an earlier pass.
            ModelError: A part of the model has no second derivative.
        """
        return self.shaped(self.apply_flat(self.flat(vector)))

    def apply_flat(self, vector: Flat) -> Flat:
        """Return H v of a vector as :meth:`flat` makes them; otherwise as :meth:`apply`."""
        shaped = self.shaped(vector)
        total = torch.zeros(self.n_parameters, dtype=self.dtype, device=self.device)
        parts = self.shaped(total)
        n_examples = 0
        with _differentiable(self.parameters):
            for loss, n in self._batches():
                for product in self._products(loss, [shaped]):
                    for part, increment in zip(parts, product, strict=True):
                        part.add_(increment, alpha=n)
                n_examples += n
                del loss  # and with it the batch's graph, before the next one is made
        self.n_products += 1
        return total.div_(n_examples)

    def quadratic_forms(self, vectors: Sequence[Vector]) -> Float[np.ndarray, "batch direction"]:
        """Return v'H_b v for the Hessian H_b of each batch's mean loss and each of some vectors.

        The gradient's graph is made once per batch for all vectors, so that several at once cost less than one by
        one. The mean over batches, with ``n_examples`` as weights, is v'H v.

        Args:
            vectors: At least one; of each, a tensor for each parameter, of its shape.

        Returns:
            Shape (batch, direction), float64; loss. Higher means more curved upwards along the direction. NaN in
            batches whose loss is not finite.

        Raises:
            InputError: There is no vector; or as :meth:`apply`.
            ModelError: As :meth:`apply`.
        """
        if not vectors:
            raise InputError("There are no vectors.", where="vectors", expected="at least one", got=0)
        flats = [self.flat(vector) for vector in vectors]
        shaped = [self.shaped(flat) for flat in flats]
        forms = []
        with _differentiable(self.parameters):
            for loss, _ in self._batches():
                products = self._products(loss, shaped)
                forms.append(
                    [
                        inner_product(flat, _joined(product))
                        for flat, product in zip(flats, products, strict=True)
                    ]
                )
                del loss, products
        self.n_products += len(vectors)
        return np.array(forms)

    def flat(self, vector: Vector) -> Flat:
        """Return the entries of a vector one after another, in the order of the parameters.

        Raises:
            InputError: There is not one tensor for each parameter, of its shape, type and device.
        """
        if len(vector) != len(self.parameters):
            raise InputError(
                "The vector does not fit the parameters.",
                expected=f"{len(self.parameters)} tensors",
                got=f"{len(vector)}",
            )
        for number, (part, parameter) in enumerate(zip(vector, self.parameters, strict=True)):
            expected, got = _kind(parameter), _kind(part)
            if got != expected:
                raise InputError(
                    "The vector does not fit the parameters.",
                    where=f"tensor {number}",
                    expected=expected,
                    got=got,
                )
        return _joined([part.detach() for part in vector])

    def shaped(self, flat: Flat) -> list[torch.Tensor]:
        """Return a vector's entries as tensors of the parameters' shapes, which share its memory."""
        parts = torch.split(flat, self._sizes)
        return [part.view(parameter.shape) for part, parameter in zip(parts, self.parameters, strict=True)]

    def _products(self, loss: torch.Tensor, vectors: Sequence[Vector]) -> Iterator[Sequence[torch.Tensor]]:
        """Yield the product of one batch's Hessian with each vector; NaN where the loss is not finite."""
        if not loss.isfinite():
            yield from ([torch.full_like(part, torch.nan) for part in vector] for vector in vectors)
            return
        gradients = _gradients([loss], self.parameters, create_graph=True)
        # The gradient of a loss that is linear in a weight is a constant, and has no graph.
        curved = [number for number, gradient in enumerate(gradients) if gradient.requires_grad]
        for left, vector in zip(reversed(range(len(vectors))), vectors, strict=True):
            if not curved:
                yield [torch.zeros_like(parameter) for parameter in self.parameters]
                continue
            yield _gradients(
                [gradients[number] for number in curved],
                self.parameters,
                grad_outputs=[vector[number] for number in curved],
                retain_graph=left > 0,
            )

    def _batches(self) -> Iterator[tuple[torch.Tensor, int]]:
        """Yield the batches' losses with their numbers of examples; at the end, compare them with the first pass."""
        losses: list[float] = []
        n_examples: list[int] = []
        for loss, n in self._losses():  # enumerating them would keep each until the next has been made
            _check_batch(loss, n, len(losses))
            losses.append(float(loss.detach()))
            n_examples.append(int(n))
            yield loss.reshape(()), int(n)
            del loss
        if not losses:
            raise InputError("There are no batches.", where="losses", expected="at least one", got=0)
        self._compare(_Pass(np.array(losses), np.array(n_examples)))

    def _compare(self, found: _Pass) -> None:
        if self._seen is None:
            self._seen = found
            return
        if np.array_equal(found.n_examples, self._seen.n_examples) and np.allclose(
            found.losses, self._seen.losses, rtol=_SAME_LOSS, atol=1e-6, equal_nan=True
        ):
            return
        raise InputError(
            "The batches' losses differ from those of an earlier pass.",
            where="losses",
            expected="the same batches in the same order, with the same weights and no dropout",
            got=f"a mean loss per batch of {found.losses.mean():.6g} over {len(found.losses)} batches, "
            f"and {self._seen.losses.mean():.6g} over {len(self._seen.losses)} before",
            fix="put the model in eval mode, do not shuffle, and make a new object where the weights have changed",
        )

    def _first_pass(self) -> _Pass:
        if self._seen is None:
            with _differentiable(self.parameters):
                for _ in self._batches():
                    pass
        assert self._seen is not None
        return self._seen


@contextmanager
def _differentiable(parameters: Sequence[torch.Tensor]) -> Iterator[None]:
    """Make the parameters require gradients for a while, and operations on them leave a graph."""
    frozen = [parameter for parameter in parameters if not parameter.requires_grad]
    try:
        for parameter in frozen:
            parameter.requires_grad_(True)
        with torch.enable_grad():
            yield
    finally:
        for parameter in frozen:
            parameter.requires_grad_(False)


def _gradients(
    outputs: Sequence[torch.Tensor],
    parameters: Sequence[torch.Tensor],
    *,
    grad_outputs: Sequence[torch.Tensor] | None = None,
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> tuple[torch.Tensor, ...]:
    try:
        return torch.autograd.grad(
            outputs,
            parameters,
            grad_outputs=grad_outputs,
            create_graph=create_graph,
            retain_graph=retain_graph,
            materialize_grads=True,
        )
    except RuntimeError as error:
        if "a second time" in str(error):
            raise InputError(
                "A batch's loss was computed before it was asked for, and its graph is used up.",
                where="losses",
                expected="losses computed anew in each call",
                got="the same tensors again",
            ) from error
        if "not implemented" not in str(error):
            raise
        raise ModelError(
            "A part of the model has no second derivative.",
            expected="operations that can be differentiated twice",
            got=str(error).splitlines()[0],
            fix="for attention: compute the losses within eager_attention(model)",
        ) from error


def _joined(parts: Sequence[torch.Tensor]) -> Flat:
    return torch.cat([part.reshape(-1) for part in parts])


def _kind(tensor: torch.Tensor) -> str:
    return f"shape {tuple(tensor.shape)}, {tensor.dtype} on {tensor.device}"


def _check_parameters(parameters: Sequence[torch.Tensor]) -> None:
    if sum(parameter.numel() for parameter in parameters) == 0:
        raise InputError("There are no parameters.", where="parameters", expected="at least one", got=0)
    if len({id(parameter) for parameter in parameters}) < len(parameters):
        raise InputError(
            "A parameter is there twice.",
            where="parameters",
            expected="distinct tensors",
            got=f"{len(parameters)} tensors, {len({id(parameter) for parameter in parameters})} of them distinct",
        )
    if not all(parameter.is_leaf for parameter in parameters):
        raise InputError(
            "A parameter was computed from others.",
            where="parameters",
            expected="leaves of the graph, such as a module's parameters()",
            got="the result of an operation",
        )
    kinds = {(parameter.dtype, parameter.device) for parameter in parameters}
    if len(kinds) > 1 or parameters[0].dtype not in (torch.float32, torch.float64):
        raise InputError(
            "The parameters' type or device does not fit.",
            where="parameters",
            expected="all float32 or all float64, on one device",
            got=", ".join(sorted(f"{dtype} on {device}" for dtype, device in kinds)),
            fix="convert the model with .float()",
        )


def _check_batch(loss: object, n_examples: object, number: int) -> None:
    where = f"batch {number}"
    if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
        got = f"shape {tuple(loss.shape)}" if isinstance(loss, torch.Tensor) else type(loss).__name__
        raise InputError(
            "A batch's loss is no single number.",
            where=where,
            expected="a tensor with the mean over the batch",
            got=got,
        )
    if not isinstance(n_examples, Integral) or n_examples < 1:
        raise InputError(
            "A batch's number of examples makes no sense.",
            where=where,
            expected="a whole number, at least 1",
            got=n_examples,
        )
    if not loss.requires_grad:
        raise InputError(
            "A batch's loss has no graph.",
            where=where,
            expected="a loss computed from the parameters, within the call",
            got="a tensor that does not require gradients",
            fix="compute the losses anew each time that they are asked for, and not under torch.no_grad()",
        )
