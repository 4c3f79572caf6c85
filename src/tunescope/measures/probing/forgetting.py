"""Whether a property that probes read from the vectors was lost, weakened or kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from jaxtyping import Int

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.measures.direction import direction
from tunescope.measures.estimate import Estimate
from tunescope.measures.scores import Metric, accuracy, score_difference, score_estimate
from tunescope.measures.shapes import Labels, SentenceIds
from tunescope.measures.validation import check_labels

__all__ = ["Forgetting", "forgetting"]

Rows = Int[np.ndarray, " row"]

Verdict = Literal["lost", "weakened", "kept", "cannot be told"]


class Forgetting(Record):
    """What became of a property, by the scores of probes before and after.

    Attributes:
        schema_version: Version of this record.
        verdict: ``"lost"``, ``"weakened"``, ``"kept"`` or ``"cannot be told"``; see :func:`forgetting`.
        before: Score of the probe before.
        after: Score of the probe after.
        control: Score of what knows nothing of the vectors.
        known: Before minus control: what there was to lose.
        change: After minus before; below 0 for a loss.
        share_left: (After − control) / (before − control).
        lost_below: The share below which a property counts as lost.
        kept_above: The share above which it counts as kept.
        n_comparisons: Of how many verdicts this is one.
        status: ``"ok"``, or a sentence that says why the verdict cannot be told.
    """

    schema_version: int = 1
    verdict: Verdict
    before: Estimate
    after: Estimate
    control: Estimate
    known: Estimate
    change: Estimate
    share_left: Estimate
    lost_below: float
    kept_above: float
    n_comparisons: int = 1
    status: str = "ok"

    @property
    def text(self) -> str:
        """The finding as a sentence."""
        scores = (
            f"{_figure(self.before)} before, {_figure(self.after)} after, control {_figure(self.control)}"
        )
        left = f"of what the vectors gave beyond the control, {_figure(self.share_left)} is left"
        if self.verdict == "cannot be told":
            reason = left if self.status == "ok" else self.status
            return f"Whether it was lost cannot be told: {reason}. Scores: {scores}."
        return f"It was {self.verdict}: {left}. Scores: {scores}."


def forgetting(
    gold: Labels,
    predicted_before: Labels,
    predicted_after: Labels,
    predicted_by_control: Labels,
    sentence_ids: SentenceIds,
    *,
    metric: Metric = accuracy,
    bounds: tuple[float, float] = (0.0, 1.0),
    lost_below: float = 0.5,
    kept_above: float = 0.9,
    n_comparisons: int = 1,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Forgetting:
    """Tell whether a property was lost, from what probes read before and after and what can be had without vectors.

    With scores b before, a after and c of the control, a share s of the property is left where a = s b + (1 − s) c. The
    verdict rests on the intervals of a − s b − (1 − s) c, all three scored on the same half-samples of the sentences
    (Fieller's way to a ratio, which needs no division by what may be near 0):

    - ``"cannot be told"`` if b − c is not clearly above 0: there was nothing to lose;
    - ``"lost"`` if it is clearly below 0 for s = ``lost_below``: less than half of what was known is left;
    - ``"kept"`` if it is clearly above 0 for s = ``kept_above``: more than nine tenths are;
    - ``"weakened"`` if a − b is clearly below 0;
    - else ``"cannot be told"``.

    So a fall of the score alone makes no loss, and a small sample makes nothing kept. The verdict is on what probes of
    the given kind can read, not on all that the vectors hold.

    Args:
        gold: Shape (example,); the right labels of a test set that no probe was trained on.
        predicted_before: Shape (example,); what a probe reads from the vectors before.
        predicted_after: Shape (example,); what a probe reads from the vectors after that was trained anew on such
            vectors. The old probe would call lost what has only moved.
        predicted_by_control: Shape (example,); what can be said without the vectors, at chance level: the most
            frequent training label, or better what a probe reads from a random vector for each word.
        sentence_ids: Shape (example,); the sentence of each example.
        metric: Any score of gold and predicted labels, higher for better; accuracy by default.
        bounds: Smallest and largest possible score; default (0, 1).
        lost_below: Share of what was known, in (0, ``kept_above``); default 0.5.
        kept_above: Share of what was known, in (``lost_below``, 1); default 0.9.
        n_comparisons: Of how many verdicts (properties, layers) this is one, at least 1; intervals are widened for
            them (Bonferroni) where the verdict is concerned, and stand in the record as they are.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: The lengths differ, there is no example, the shares or the number of comparisons are out of range,
            or the resampling settings are.

    References:
        Fieller 1954, "Some problems in interval estimation"; control after Hewitt and Liang 2019, as a share of what
        is above it.

    >>> gold = np.array(["a", "b"] * 60)
    >>> other = np.array(["a"] * 120)
    >>> result = forgetting(gold, gold, other, other, np.arange(120), rng=np.random.default_rng(0))
    >>> result.verdict, result.share_left.value
    ('lost', 0.0)
    >>> forgetting(gold, gold, gold, other, np.arange(120), rng=np.random.default_rng(0)).verdict
    'kept'
    """
    _check_shares(lost_below, kept_above, n_comparisons)
    labels = np.asarray(gold)
    names = ("predicted_before", "predicted_after", "predicted_by_control")
    given = (predicted_before, predicted_after, predicted_by_control)
    read = [check_labels(each, len(labels), name) for each, name in zip(given, names, strict=True)]
    resampling: dict[str, Any] = {"n_resamples": n_resamples, "level": level, "rng": rng}

    def score(predicted: Labels) -> Estimate:
        return score_estimate(metric, labels, predicted, sentence_ids, bounds=bounds, **resampling)

    def difference(first: Labels, second: Labels) -> Estimate:
        return score_difference(metric, labels, first, second, sentence_ids, bounds=bounds, **resampling)

    def of_all(figure: Callable[[float, float, float], float], limits: tuple[float, float]) -> Estimate:
        def of_rows(rows: Rows, _: Rows) -> float:
            return figure(*(float(metric(labels[rows], each[rows])) for each in read))

        rows = np.arange(len(labels))  # so that what is resampled is which rows are looked at
        return score_estimate(of_rows, rows, rows, sentence_ids, bounds=limits, **resampling)

    def more_than(share: float) -> Estimate:
        width = bounds[1] - bounds[0]
        return of_all(lambda b, a, c: a - share * b - (1 - share) * c, (-width, width))

    known, change = difference(read[2], read[0]), difference(read[0], read[1])
    verdict, status = _verdict(known, change, more_than(lost_below), more_than(kept_above), n_comparisons)
    return Forgetting(
        verdict=verdict,
        before=score(read[0]),
        after=score(read[1]),
        control=score(read[2]),
        known=known,
        change=change,
        share_left=of_all(_share_left, (-math.inf, math.inf)),
        lost_below=lost_below,
        kept_above=kept_above,
        n_comparisons=n_comparisons,
        status=status,
    )


def _check_shares(lost_below: float, kept_above: float, n_comparisons: int) -> None:
    if not 0 < lost_below < kept_above < 1:
        raise InputError(
            "lost_below and kept_above are no shares in this order.",
            expected="0 < lost_below < kept_above < 1, such as 0.5 and 0.9",
            got=f"{lost_below} and {kept_above}",
        )
    if n_comparisons < 1:
        raise InputError("n_comparisons is out of range.", expected="at least 1", got=n_comparisons)


def _share_left(before: float, after: float, control: float) -> float:
    return (after - control) / (before - control) if before > control else math.nan


def _verdict(
    known: Estimate, change: Estimate, half: Estimate, most: Estimate, n_comparisons: int
) -> tuple[Verdict, str]:
    for each in (known, half, most):
        if not each.has_interval:
            return "cannot be told", each.status
    if direction(known, n_comparisons) <= 0:
        return (
            "cannot be told",
            "there was nothing to lose, for the score before is not clearly above the control",
        )
    if direction(half, n_comparisons) < 0:
        return "lost", "ok"
    if direction(most, n_comparisons) > 0:
        return "kept", "ok"
    if direction(change, n_comparisons) < 0:
        return "weakened", "ok"
    return "cannot be told", "ok"


def _figure(estimate: Estimate) -> str:
    """Return a figure and its interval."""
    if math.isnan(estimate.value):
        return "undefined"
    ends = f" ({estimate.low:.2f} … {estimate.high:.2f})" if estimate.has_interval else ""
    return f"{estimate.value:.2f}{ends}".replace("-", "\u2212")
