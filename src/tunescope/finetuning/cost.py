"""What a piece of work costs: seconds, floating-point operations and memory."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.models.devices import choose_device

__all__ = ["Cost", "CostMeter", "measure_cost"]

_STATUS = Path("/proc/self/status")
_SECONDS_BETWEEN_SAMPLES = 0.01

Shape = tuple[int, ...]


class Cost(Record):
    """What a piece of work cost.

    Attributes:
        seconds: Time by the clock, waiting included.
        operations: Floating-point operations of matrix products, convolutions, attention and recurrent layers, a
            multiplication and an addition being two; NaN where none were counted. See :meth:`CostMeter.counting`.
        start_bytes: Memory in use when the work began: on a GPU what torch had allocated there, on a CPU the process's
            resident set. NaN where it cannot be read.
        peak_bytes: The most memory in use during the work, by the same measure.
        device: Where the memory is: ``"cpu"``, ``"cuda:0"`` …
    """

    schema_version: int = 1
    seconds: float
    operations: float
    start_bytes: float
    peak_bytes: float
    device: str

    @property
    def added_bytes(self) -> float:
        """By how much the work raised the memory in use: the peak above the start."""
        return self.peak_bytes - self.start_bytes


class CostMeter:
    """Measures a piece of work; :func:`measure_cost` makes it.

    Args:
        device: Whose memory is measured, and what is waited for before the clock is read.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._memory = _GPUMemory(device) if device.type == "cuda" else _ResidentMemory()
        self._operations = math.nan
        self._begin = 0.0
        self._cost: Cost | None = None

    @property
    def cost(self) -> Cost:
        """What the work cost.

        Raises:
            InputError: It is not finished.
        """
        if self._cost is None:
            raise InputError(
                "The work is not finished.", where="measure_cost", fix="read the cost after the with block"
            )
        return self._cost

    @contextmanager
    def counting(self, *, times: float = 1) -> Iterator[None]:
        """Count the floating-point operations of what runs within this context, and add them ``times`` over.

        Counting looks at every call of torch from Python. On a CPU that made training steps of a BERT with 6 layers of
        384 dimensions a fifth slower, of one with 3 layers of 128 dimensions three times as slow: where seconds matter
        too, count one batch out of many, of a typical length, as a small part of what is timed or outside of it.

        What is counted are the shapes of matrix products, convolutions, attention and recurrent layers, forward and
        backward, wherever torch computes them; masked positions count. Not counted are elementwise operations
        (activations, norms, the optimiser), and what numpy and scikit-learn compute. The backward pass of a fused
        recurrent layer counts as two forward passes.

        Args:
            times: How many batches like this one the work has; above 0.

        Raises:
            InputError: ``times`` is out of range.
        """
        if not 0 < times < math.inf:
            raise InputError("times is out of range.", where="times", expected="a number above 0", got=times)
        with FlopCounterMode(display=False, custom_mapping=dict(_FORMULAS)) as counter:
            yield
        self.add_operations(times * counter.get_total_flops())

    def add_operations(self, operations: float) -> None:
        """Add floating-point operations that are known from a formula.

        Raises:
            InputError: The number is below 0 or not finite.
        """
        if not 0 <= operations < math.inf:
            raise InputError(
                "operations is out of range.", where="operations", expected="a number from 0", got=operations
            )
        self._operations = operations + (0.0 if math.isnan(self._operations) else self._operations)

    def _start(self) -> None:
        self._memory.start()
        self._synchronise()
        self._begin = time.perf_counter()

    def _stop(self) -> None:
        self._synchronise()
        seconds = time.perf_counter() - self._begin
        start, peak = self._memory.stop()
        self._cost = Cost(
            seconds=seconds,
            operations=self._operations,
            start_bytes=start,
            peak_bytes=peak,
            device=str(self._device),
        )

    def _synchronise(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


@contextmanager
def measure_cost(*, device: str = "auto", count: bool = False) -> Iterator[CostMeter]:
    """Measure what happens within this context.

    On a CPU, the peak is the largest resident set that was seen: the process is looked at every 10 ms, and where its
    all-time peak rose meanwhile, that is taken, which misses nothing. Something large that was there for less than
    that, below an earlier peak, is missed; memory that an earlier computation freed but the allocator kept makes the
    start high and the rise small; other threads of the process count too. It can be read on Linux alone. On a GPU, the
    peak is ``torch.cuda.max_memory_allocated``, whose record is set back at the start, so that one such context must
    not be within another; what other libraries allocate is not in it.

    Args:
        device: Where the work runs; ``"auto"`` takes a GPU where there is one.
        count: Count the floating-point operations of everything, see :meth:`CostMeter.counting`, which says why to
            count one batch instead where seconds matter.

    Yields:
        The meter, whose :attr:`CostMeter.cost` is there after the block, also where it was left by an error.

    Raises:
        ModelError: There is no such device.

    >>> with measure_cost(device="cpu") as meter:
    ...     with meter.counting(times=3):
    ...         _ = torch.ones(4, 5) @ torch.ones(5, 6)
    >>> meter.cost.operations  # 3 · 2 · 4 · 5 · 6
    720.0
    """
    chosen = choose_device(device)
    if chosen.type == "cuda" and chosen.index is None:
        chosen = torch.device("cuda", torch.cuda.current_device())
    meter = CostMeter(chosen)
    meter._start()
    try:
        if count:
            with meter.counting():
                yield meter
        else:
            yield meter
    finally:
        meter._stop()


class _ResidentMemory:
    """The resident set of this process, looked at again and again by a thread."""

    def __init__(self) -> None:
        self._start = self._all_time = self._peak = math.nan
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._start, self._all_time = _resident_bytes()
        self._peak = self._start
        if not math.isnan(self._start):
            self._thread.start()

    def stop(self) -> tuple[float, float]:
        """Return the bytes at the start and at the peak."""
        if math.isnan(self._start):
            return math.nan, math.nan
        self._finished.set()
        self._thread.join()
        now, all_time = _resident_bytes()
        risen = all_time if all_time > self._all_time else 0.0
        return self._start, max(self._peak, now, risen)

    def _sample(self) -> None:
        while not self._finished.wait(_SECONDS_BETWEEN_SAMPLES):
            self._peak = max(self._peak, _resident_bytes()[0])


class _GPUMemory:
    """What torch has allocated on a GPU."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._start = math.nan

    def start(self) -> None:
        """Forget earlier peaks."""
        torch.cuda.reset_peak_memory_stats(self._device)
        self._start = float(torch.cuda.memory_allocated(self._device))

    def stop(self) -> tuple[float, float]:
        """Return the bytes at the start and at the peak."""
        return self._start, float(torch.cuda.max_memory_allocated(self._device))


def _resident_bytes() -> tuple[float, float]:
    """Return the resident set of the process and its all-time peak; NaN where the system does not tell."""
    try:
        lines = _STATUS.read_text(encoding="utf8").splitlines()
    except OSError:
        return math.nan, math.nan
    sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
    resident, peak = (1024.0 * int(sizes[name].split()[0]) for name in ("VmRSS", "VmHWM"))
    return resident, peak


def _attention(query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    """Return the operations of attention: two products for each pair of a query and a key."""
    n_sequences, n_heads, n_queries, size = query
    return 2 * n_sequences * n_heads * n_queries * key[2] * (size + value[3])


def _attention_backward(gradient: Shape, query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    """Return those of its backward pass: the scores once more, and four products for the gradients."""
    del gradient
    n_sequences, n_heads, n_queries, size = query
    return 2 * n_sequences * n_heads * n_queries * key[2] * (3 * size + 2 * value[3])


def _cpu_recurrent(inputs: Shape, weight: Shape, recurrent_weight: Shape, *_: Any, **__: Any) -> int:
    """Return the operations of one direction of one recurrent layer: its two matrices, at every position."""
    n_positions = math.prod(inputs[:-1])
    return 2 * n_positions * (math.prod(weight) + math.prod(recurrent_weight))


def _cudnn_recurrent(inputs: Shape, weights: Sequence[Shape], *_: Any, **__: Any) -> int:
    """Return the operations of all layers and directions: every matrix, at every position."""
    n_positions = math.prod(inputs[:-1])
    return 2 * n_positions * sum(math.prod(weight) for weight in weights if len(weight) == 2)


def _twice(formula: Callable[..., int]) -> Callable[..., int]:
    return lambda *shapes, **options: 2 * formula(*shapes, **options)


_FORMULAS: Mapping[Any, Callable[..., int]] = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
    torch.ops.aten.mkldnn_rnn_layer: _cpu_recurrent,
    torch.ops.aten.mkldnn_rnn_layer_backward: _twice(_cpu_recurrent),
    torch.ops.aten._cudnn_rnn: _cudnn_recurrent,
    torch.ops.aten._cudnn_rnn_backward: _twice(_cudnn_recurrent),
}
"""What torch's counter leaves out: attention on a CPU without dropout, and fused recurrent layers."""
