"""A plan: the steps of a study, each with its key, in an order in which they can be done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from tunescope._core.errors import InputError
from tunescope._core.hashing import hash_value
from tunescope.runs import Step
from tunescope.studies.engine.step_function import StepTraits, traits_of
from tunescope.studies.engine.work import Work

__all__ = ["Content", "Cost", "Plan", "PlannedStep", "Reading"]


@dataclass(frozen=True)
class Content:
    """An argument that goes by a hash of its content, such as a path to a model.

    Attributes:
        value: What the function is given.
        content_hash: What counts: another path with the same content is the same step.
    """

    value: object
    content_hash: str


@dataclass(frozen=True)
class Cost:
    """What a step is expected to take; rough, for people.

    Attributes:
        seconds: Time on one core.
        gigabytes: Disk space of its result.
        memory_gigabytes: Memory, where it depends on the arguments; at least that of the function's traits is taken.
    """

    seconds: float = 1.0
    gigabytes: float = 0.0
    memory_gigabytes: float = 0.0


@dataclass(frozen=True, eq=False)
class PlannedStep:
    """A call of a function, to be made once.

    Attributes:
        title: What it is, for people; no part of its identity.
        function: What is called, with a folder to write to and the arguments.
        arguments: Plain JSON values, :class:`Content`, other planned steps, or lists and dictionaries of these; in
            place of a step the function is given the folder of its result.
        threads: On how many threads libraries compute within it; part of its identity, since sums come out
            otherwise on another number.
        cost: What it is expected to take; no part of its identity.
    """

    title: str
    function: Callable[..., None]
    arguments: Mapping[str, object]
    threads: int
    cost: Cost = Cost()

    @property
    def traits(self) -> StepTraits:
        """What the engine must know of the function."""
        return traits_of(self.function)

    @property
    def memory_gigabytes(self) -> float:
        """What it may need at most; a worker that has less does not get it."""
        return max(self.traits.memory_gigabytes, self.cost.memory_gigabytes)

    @property
    def needs(self) -> tuple[PlannedStep, ...]:
        """The steps whose results it reads, each once."""
        found = {step.key: step for step in _steps_in(dict(self.arguments))}
        return tuple(found.values())

    @cached_property
    def key(self) -> str:
        """SHA-256 of function, version, arguments and threads: equal keys mean equal results."""
        return self.step(Path()).key

    @cached_property
    def folder_name(self) -> str:
        """Name of the folder of its result."""
        return self.step(Path()).folder_name

    @property
    def needs_gpu(self) -> bool:
        """Whether it is to have a GPU of its own: it computes on one, and does not say on which."""
        device = self.arguments.get("device")
        return self.traits.gpu and (device.value if isinstance(device, Content) else device) == "cuda"

    def work(self, store: Path) -> Work:
        """Return the step with all that it takes to do it elsewhere."""
        return Work(self.title, self.step(store), store, self.threads, self.needs_gpu)

    def step(self, store: Path) -> Step:
        """Return it as a step whose arguments are ready to be used.

        Args:
            store: Folder of the store that holds the results of the steps that it needs.
        """
        traits = self.traits
        return Step(
            name=self.function.__name__.replace("_", "-").strip("-"),
            inputs={
                "function": f"{self.function.__module__}.{self.function.__qualname__}",
                "arguments": _identity(dict(self.arguments)),
                "threads": self.threads,
            },
            compute=partial(
                self.function, **{n: _ready(value, store) for n, value in self.arguments.items()}
            ),
            version=traits.version,
            resumable=traits.resumable,
        )


@dataclass(frozen=True, eq=False)
class Reading:
    """Where in a study the figures of a step belong."""

    step: PlannedStep
    place: Mapping[str, str | int | None]


class Plan:
    """Steps in an order in which they can be done. Work that two of them share is planned once.

    Args:
        threads: On how many threads libraries compute within a step.

    Attributes:
        readings: Where the figures of its steps belong.
    """

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._steps: dict[str, PlannedStep] = {}
        self.readings: list[Reading] = []

    def __iter__(self) -> Iterator[PlannedStep]:
        """Yield the steps; each comes after those that it needs."""
        return iter(self._steps.values())

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self._steps)

    def add(
        self,
        function: Callable[..., None],
        /,
        *,
        title: str,
        cost: Cost | None = None,
        **arguments: object,
    ) -> PlannedStep:
        """Plan a step; return it, or the one that was planned before and does the same.

        Args:
            function: One marked by :func:`~tunescope.studies.engine.step_function.step_function`.
            title: What it is, for people.
            cost: What it is expected to take.
            arguments: See :class:`PlannedStep`.

        Raises:
            InputError: The function is not marked, an argument is nothing that a key can be made of, or needs a step
                of another plan.
        """
        step = PlannedStep(title, function, arguments, self._threads, cost or Cost())
        for need in step.needs:
            if self._steps.get(need.key) is None:
                raise InputError("A step needs one of another plan.", where=title, got=need.title)
        return self._steps.setdefault(step.key, step)

    def read(self, step: PlannedStep, **place: str | int | None) -> None:
        """Note that a step's figures belong to a place, such as ``model="MiniLM", seed=0``; to several, if need be."""
        self.readings.append(Reading(step, place))


def _steps_in(value: object) -> Iterator[PlannedStep]:
    if isinstance(value, PlannedStep):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _steps_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _steps_in(each)


def _identity(value: object) -> object:
    """Return what of an argument counts, as a plain JSON value."""
    if isinstance(value, PlannedStep):
        return {"step": value.key}
    if isinstance(value, Content):
        return {"content": value.content_hash}
    if isinstance(value, Mapping):
        return {str(name): _identity(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_identity(each) for each in value]
    try:
        hash_value(value)
    except TypeError as error:
        raise InputError(
            "An argument of a step is nothing that a key can be made of.",
            expected="plain values, Content, or planned steps",
            got=type(value).__name__,
        ) from error
    return value


def _ready(value: object, store: Path) -> object:
    """Return an argument as the function is given it."""
    if isinstance(value, PlannedStep):
        return store / value.folder_name
    if isinstance(value, Content):
        return value.value
    if isinstance(value, Mapping):
        return {name: _ready(each, store) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_ready(each, store) for each in value]
    return value
