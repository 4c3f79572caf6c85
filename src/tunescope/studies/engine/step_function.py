"""Functions that a step of a study may call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tunescope._core.errors import InputError

__all__ = ["STEP_TRAITS", "StepTraits", "step_function", "traits_of"]

Function = TypeVar("Function", bound=Callable[..., None])
STEP_TRAITS = "__tunescope_step__"
"""The attribute of a marked function that holds its traits."""


@dataclass(frozen=True)
class StepTraits:
    """What the engine must know of a function besides its arguments.

    Attributes:
        version: Version of its result; raised by one whenever the same arguments give another result.
        resumable: Whether it carries on from what an interrupted call left in the folder.
        memory_gigabytes: What it may need at most; a worker that has less does not get it.
        gpu: Whether it runs models, and so gets a GPU of its own where there are any.
    """

    version: int = 1
    resumable: bool = False
    memory_gigabytes: float = 1.0
    gpu: bool = False


def step_function(
    *, version: int = 1, resumable: bool = False, memory_gigabytes: float = 1.0, gpu: bool = False
) -> Callable[[Function], Function]:
    """Mark a function as one that steps may call: ``function(folder, **arguments)`` writes its result into the folder.

    It must stand at the top of a module, so that another process finds it by its name, and depend on nothing but its
    arguments. Arguments: see :class:`StepTraits`.
    """
    traits = StepTraits(version, resumable, memory_gigabytes, gpu)

    def mark(function: Function) -> Function:
        setattr(function, STEP_TRAITS, traits)
        return function

    return mark


def traits_of(function: Callable[..., Any]) -> StepTraits:
    """Return the traits of a function.

    Raises:
        InputError: It is not marked, or not at the top of a module.
    """
    traits = getattr(function, STEP_TRAITS, None)
    if not isinstance(traits, StepTraits) or "<" in function.__qualname__:
        raise InputError(
            "The function cannot be called by a step.",
            where=f"{function.__module__}.{function.__qualname__}",
            expected="a function at the top of a module, marked with @step_function()",
        )
    return traits
