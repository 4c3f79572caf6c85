"""The width of an optimum: how far one can go along a line of weights before the loss passes a threshold."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Float

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import half_samples
from tunescope.measures.landscape.extent_interval import extent_estimate
from tunescope.measures.landscape.loss_grid import (
    Axis,
    LossBound,
    check_axis,
    check_bound,
    check_losses,
    check_place,
    mean_losses,
)
from tunescope.measures.shapes import SentenceIds
from tunescope.measures.validation import check_resampling, number_sentences

__all__ = ["Side", "Width", "width", "width_estimate"]

Losses = Float[np.ndarray, " point"]
ExampleLosses = Float[np.ndarray, "point example"]


class Width(Record):
    """How far the loss stays below a threshold around a point of a line.

    Attributes:
        value: ``left`` + ``right``, in the unit of the line's coordinates; NaN where undefined.
        left: How far towards lower coordinates.
        right: How far towards higher ones.
        threshold: The loss up to which a point belongs to the region; NaN where undefined.
        is_lower_bound: Whether the true width may be larger, for the grid ends or a loss is not finite.
        status: ``"ok"``; or why the width is undefined; or ``"at least: …"`` with what keeps it from being known.
    """

    value: float
    left: float
    right: float
    threshold: float
    is_lower_bound: bool = False
    status: str = "ok"


Side = Literal["both", "left", "right"]


class _Side(NamedTuple):
    """How far the region reaches on one side, and what cut it off before its end was seen."""

    extent: float
    cut_by: str


def width(
    alphas: Axis,
    losses: Losses,
    *,
    at: float = 0.0,
    rise: float | None = None,
    threshold: float | None = None,
) -> Width:
    """Return the width of the region around a point of a line in which the loss is at most a threshold.

    The largest interval around the point with J(α) ≤ J(at) + rise, or ≤ threshold, where J runs straight between grid
    points. Of a quadratic J = J(at) + κ (α − at)² / 2 it is √(8 rise / κ), up to the grid: with step h between points
    it comes out too narrow by at most h² / (4 w) on each side of extent w.

    Args:
        alphas: Shape (point,), rising; the coordinates of the grid points.
        losses: Shape (point,); the loss at each. One that is not finite ends the region there.
        at: The point's coordinate, within the grid; default 0. Between grid points its loss is interpolated.
        rise: How far the loss may rise above that at the point, above 0. Either this or ``threshold``.
        threshold: The highest loss. Compare models by this one, for a rise is measured from each one's own loss.

    Returns:
        The width in the unit of ``alphas``; higher means a wider optimum. A constant added to the losses, and to
        ``threshold``, changes nothing, and coordinates twice as long double it: lines of two models are comparable only
        if their directions have the same length, absolute or relative to the weights. NaN where the loss at the point
        is not finite or above ``threshold``; a lower bound with a status where the grid ends within the region.

    Raises:
        InputError: The coordinates do not rise, the losses do not fit them, the point lies outside the grid, or not
            exactly one of ``rise`` and ``threshold`` is given.

    References:
        Hao et al. 2019 look at such curves for how wide the optimum is; the figure is ours.

    >>> found = width(np.array([-1.0, 0.0, 1.0, 2.0]), np.array([4.0, 0.0, 1.0, 8.0]), rise=2.0)
    >>> found.left, round(found.right, 3), found.status
    (0.5, 1.143, 'ok')
    >>> width(np.array([-1.0, 0.0, 1.0]), np.array([4.0, 0.0, 1.0]), rise=2.0).status
    'at least: the grid ends at 1 before the loss passes 2'
    """
    axis = check_axis(alphas, "alphas")
    heights = check_losses(losses, axis.shape)
    bound = check_bound(rise, threshold)
    return _width(axis, heights, check_place(at, axis, "at"), bound)


def width_estimate(
    alphas: Axis,
    losses: ExampleLosses,
    sentence_ids: SentenceIds,
    *,
    at: float = 0.0,
    rise: float | None = None,
    threshold: float | None = None,
    side: Side = "both",
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return the :func:`width` of the mean loss over examples with its interval over sentences.

    Args:
        alphas: Shape (point,), rising; the coordinates of the grid points.
        losses: Shape (point, example); the loss of each example at each point. A point where one of them is not finite
            ends the region.
        sentence_ids: Shape (example,); the sentence of each example.
        at: The point's coordinate, within the grid; default 0.
        rise: How far the loss may rise above that at the point: in a half-sample above its own loss there.
        threshold: The highest loss; either this or ``rise``.
        side: ``"left"`` for how far it goes towards lower coordinates alone, ``"right"`` towards higher ones.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The estimate; with a lower end alone, and a status, where the width is a lower bound, on all examples or on more
        than a tenth of the half-samples.

    Raises:
        InputError: As :func:`width`, or ``side`` is unknown, the ids do not fit, or the resampling settings are out of
            range.

    >>> rng, alphas = np.random.default_rng(0), np.linspace(-1, 1, 21)
    >>> curvatures = rng.uniform(1, 3, size=100)
    >>> estimate = width_estimate(alphas, np.outer(alphas**2, curvatures), np.arange(100), rise=0.5, rng=rng)
    >>> estimate.low < estimate.value < estimate.high
    True
    """
    axis = check_axis(alphas, "alphas")
    heights = check_losses(losses, axis.shape, per_example=True)
    bound = check_bound(rise, threshold)
    check_resampling(n_resamples, level)
    if side not in get_args(Side):
        raise InputError("side is unknown.", expected=" or ".join(get_args(Side)), got=side)
    place = check_place(at, axis, "at")
    sentences = number_sentences(sentence_ids, heights.shape[-1])
    curves = mean_losses(heights, half_samples(sentences, n_resamples, rng)).T
    found = [_width(axis, curve, place, bound, side) for curve in curves]
    return extent_estimate(
        np.array([each.value for each in found]),
        np.array([each.is_lower_bound for each in found]),
        sentences,
        level=level,
        status=found[0].status,
    )


def _width(axis: Axis, heights: Losses, at: float, bound: LossBound, side: Side = "both") -> Width:
    here = float(np.interp(at, axis, heights))
    highest = bound.above(here)
    if not math.isfinite(here) or here > highest:
        reason = f"is {here:g}, above the threshold" if math.isfinite(here) else "is not finite"
        status = f"undefined: the loss at {at:g} {reason}"
        return Width(value=math.nan, left=math.nan, right=math.nan, threshold=highest, status=status)
    before, after = axis < at, axis > at
    left = _side(axis[before][::-1], heights[before][::-1], at, here, highest)
    right = _side(axis[after], heights[after], at, here, highest)
    sides = {"left": (left,), "right": (right,), "both": (left, right)}[side]
    cuts = [each.cut_by for each in sides if each.cut_by]
    return Width(
        value=sum(each.extent for each in sides),
        left=left.extent,
        right=right.extent,
        threshold=highest,
        is_lower_bound=bool(cuts),
        status=f"at least: {'; '.join(cuts)}" if cuts else "ok",
    )


def _side(axis: Axis, heights: Losses, at: float, here: float, highest: float) -> _Side:
    """Return how far the region reaches over grid points that are given in the order of their distance."""
    reached, last = at, here
    for coordinate, height in zip(axis.tolist(), heights.tolist(), strict=True):
        if not math.isfinite(height):
            return _Side(abs(reached - at), f"the loss is not finite at {coordinate:g}")
        if height > highest:
            share = (highest - last) / (height - last)
            return _Side(abs(reached + share * (coordinate - reached) - at), "")
        reached, last = coordinate, height
    return _Side(abs(reached - at), f"the grid ends at {reached:g} before the loss passes {highest:g}")
