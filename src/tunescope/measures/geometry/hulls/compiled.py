"""What every compiled function shares: how it is compiled, and the sum that dominates the run time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np

__all__ = ["compiled", "dot"]

P = ParamSpec("P")
T = TypeVar("T")


def compiled(function: Callable[P, T]) -> Callable[P, T]:
    """Compile to machine code when first called, keep the code on disk, and let go of Python's lock.

    Sums may be reordered, so that they run on vector registers; infinities and NaN keep their meaning.
    """
    decorate = numba.njit(fastmath={"contract", "nsz", "arcp", "reassoc"}, nogil=True, cache=True)
    return cast("Callable[P, T]", decorate(function))


def _forget_outdated_code() -> None:
    """Remove kept code that is older than one of the sources; numba looks at the caller's own source alone."""
    folder = Path(__file__).parent
    newest = max(source.stat().st_mtime for source in folder.glob("*.py"))
    for index in (folder / "__pycache__").glob("*.nbi"):
        with suppress(OSError):  # another process was faster, or the folder cannot be written
            if index.stat().st_mtime < newest:
                index.unlink()


_forget_outdated_code()


@compiled
def dot(x: np.ndarray, y: np.ndarray) -> float:
    """Return the inner product of two vectors; faster than BLAS on the lengths that occur here."""
    total = 0.0
    for k in range(x.size):
        total += x[k] * y[k]
    return total
