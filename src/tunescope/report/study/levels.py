"""Round numbers that part the values of a surface into bands of one tone each, at even steps or logarithmic ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from tunescope.report.study.numbers import number_text, round_texts

__all__ = ["Levels", "levels_between"]

_LOG_FROM = 20
"""From how many times the lower end on the upper one asks for a logarithmic scale."""

_MOST_DECADES = 4
"""How far a logarithmic scale reaches down: what is lower still, such as a loss of 0, has the lowest tone."""

_MOST_STEPS, _MOST_LOG_STEPS = 10, 13
_DIGITS = ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1,))
"""Of the levels in a decade, from many to few; each holds those behind it."""

_PLAIN_FROM = 1e-4
_EVEN = 1e-9
"""What share of a value is rounding: values that differ by less are one."""


class Levels(NamedTuple):
    """Round numbers in rising order; a band lies between any two neighbours.

    Attributes:
        numbers: The first at or below the lower end of the scale, the last at or above the upper one, at least three.
        log: Whether their steps are those of a logarithmic scale.
        percent: Whether they are shares that are read in per cent.
    """

    numbers: tuple[float, ...]
    log: bool
    percent: bool

    @property
    def n_bands(self) -> int:
        """How many bands there are."""
        return len(self.numbers) - 1

    def places(self, values: ArrayLike) -> Float[np.ndarray, ...]:
        """Return where values stand on the scale: at 0 the first level, at 1 the second, and so on.

        A value beyond an end is at that end; one that is not finite has no place, which is NaN.
        """
        numbers, given = np.array(self.numbers), np.array(values, dtype=float)
        given[~np.isfinite(given)] = math.nan
        inside = np.clip(given, numbers[0], numbers[-1])
        if self.log:
            inside, numbers = np.log(inside), np.log(numbers)
        return np.asarray(np.interp(inside, numbers, np.arange(len(numbers), dtype=float)))

    def texts(self, letters: float = math.inf) -> tuple[str, ...]:
        """Return what the levels say: nothing where there is no room for it along ``letters`` letters."""
        choices = list(self._fewer())
        kept = next((few for few in choices if self._fit(few, letters)), choices[-1])
        return tuple(text if place in kept else "" for place, text in enumerate(self._all_texts()))

    def _fewer(self) -> Iterator[list[int]]:
        """Yield which levels say something, from all of them to few, the rounder ones."""
        places = range(len(self.numbers))
        if self.log:
            for digits in _DIGITS:
                yield [place for place in places if _leading(self.numbers[place]) in digits]
        else:
            step = self.numbers[1] - self.numbers[0]
            for every in range(1, len(places)):
                yield [place for place in places if round(self.numbers[place] / step) % every == 0]

    def _fit(self, kept: Sequence[int], letters: float) -> bool:
        """Return whether levels that say something have room for a letter between them."""
        texts, band = self._all_texts(), letters / self.n_bands
        return all(
            (right - left) * band >= (len(texts[left]) + len(texts[right])) / 2 + 1
            for left, right in pairwise(kept)
        )

    def _all_texts(self) -> list[str]:
        if self.log:
            return round_texts(self.numbers, plain_from=_PLAIN_FROM)
        scale, sign = (100, "\u202f%") if self.percent else (1, "")
        step = scale * (self.numbers[1] - self.numbers[0])
        decimals = max(0, -math.floor(math.log10(step) + _EVEN))
        return [number_text(scale * number, f",.{decimals}f") + sign for number in self.numbers]


def levels_between(low: float, high: float, *, percent: bool = False) -> Levels:
    """Return levels for the values between two ends.

    The scale is logarithmic where no value is below 0 and the upper end is many times the lower one; shares always
    have even steps. Between two ends that are one value there are levels above it.

    >>> levels_between(0.31, 0.72).numbers
    (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75)
    >>> levels_between(0.013, 3.1).numbers
    (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
    """
    if high - low <= _EVEN * abs(high):
        return Levels(_even_numbers(low, low + (abs(low) / 10 or 0.1)), log=False, percent=percent)
    least = max(low, high / 10**_MOST_DECADES)
    if low >= 0 and high >= _LOG_FROM * least and not percent:
        return Levels(_log_numbers(least, high), log=True, percent=False)
    return Levels(_even_numbers(low, high), log=False, percent=percent)


def _even_numbers(low: float, high: float) -> tuple[float, ...]:
    width = (high - low) / _MOST_STEPS
    power = 10.0 ** math.floor(math.log10(width))
    step = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= (1 - _EVEN) * width)
    first, last = math.floor(low / step + _EVEN), math.ceil(high / step - _EVEN)
    return tuple(float(f"{place * step:.12g}") for place in range(first, last + 1))


def _log_numbers(low: float, high: float) -> tuple[float, ...]:
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    for digits in _DIGITS:
        numbers = [float(f"{digit}e{power}") for power in powers for digit in digits]
        first = max(place for place, number in enumerate(numbers) if number <= low)
        last = min(place for place, number in enumerate(numbers) if number >= high)
        if last - first <= _MOST_LOG_STEPS:
            break
    return tuple(numbers[first : last + 1])


def _leading(number: float) -> float:
    """Return the digits of a number without its power of ten."""
    return float(f"{number:.3e}".split("e")[0])
