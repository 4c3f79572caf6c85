"""What became of a property: planted losses, the intervals behind the verdict, and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.probing import forgetting as module
from tunescope.measures.probing.forgetting import Forgetting, forgetting
from tunescope.measures.scores import accuracy, accuracy_difference, accuracy_estimate

N_SENTENCES, PER_SENTENCE = 150, 3
SENTENCES = np.repeat(np.arange(N_SENTENCES), PER_SENTENCE)
GOLD = np.random.default_rng(0).permutation(np.repeat(["noun", "verb"], len(SENTENCES) // 2))
MAJORITY = np.full(len(GOLD), "noun")


def _right(share: float, rng: np.random.Generator) -> np.ndarray:
    """Return predictions of which about a share is right."""
    other = np.where(GOLD == "noun", "verb", "noun")
    return np.where(rng.random(len(GOLD)) < share, GOLD, other)


def _found(before: float, after: float, rng: np.random.Generator, **settings: object) -> Forgetting:
    first, second = _right(before, rng), _right(after, rng)
    return forgetting(GOLD, first, second, MAJORITY, SENTENCES, rng=rng, **settings)  # type: ignore[arg-type]


def test_the_figures_are_those_of_the_scores(rng: np.random.Generator) -> None:
    first, second = _right(0.9, rng), _right(0.7, rng)
    found = forgetting(GOLD, first, second, MAJORITY, SENTENCES, rng=rng)
    before, after, control = (accuracy(GOLD, each) for each in (first, second, MAJORITY))
    assert (found.before.value, found.after.value, found.control.value) == (before, after, control)
    assert found.known.value == pytest.approx(before - control)
    assert found.change.value == pytest.approx(after - before)
    assert found.share_left.value == pytest.approx((after - control) / (before - control))
    same = accuracy_difference(GOLD, first, second, SENTENCES, rng=rng)
    assert found.change.low == pytest.approx(same.low, abs=0.02)
    assert found.before.high == pytest.approx(
        accuracy_estimate(GOLD, first, SENTENCES, rng=rng).high, abs=0.02
    )


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (0.95, 0.5, "lost"),
        (0.95, 0.55, "lost"),
        (0.95, 0.84, "weakened"),
        (0.95, 0.98, "kept"),
        (0.5, 0.95, "cannot be told"),
        (0.52, 0.5, "cannot be told"),
    ],
)
def test_planted_losses_are_told(before: float, after: float, verdict: str) -> None:
    verdicts = [_found(before, after, np.random.default_rng(seed)).verdict for seed in range(8)]
    assert verdicts.count(verdict) >= 7


def test_the_same_predictions_are_kept(rng: np.random.Generator) -> None:
    read = _right(0.9, rng)
    found = forgetting(GOLD, read, read, MAJORITY, SENTENCES, rng=rng)
    assert (found.verdict, found.change.value, found.share_left.value) == ("kept", 0.0, 1.0)


def test_a_fall_from_little_is_no_loss_where_the_control_does_as_well(rng: np.random.Generator) -> None:
    read = _right(0.9, rng)
    found = forgetting(GOLD, read, MAJORITY, read, SENTENCES, rng=rng)
    assert found.change.high < -0.2
    assert found.verdict == "cannot be told"
    assert "nothing to lose" in found.status
    assert math.isnan(found.share_left.value)


def test_what_lies_between_two_shares_depends_on_them(rng: np.random.Generator) -> None:
    first, second = _right(0.95, rng), _right(0.75, rng)

    def verdict(**shares: float) -> str:
        return forgetting(
            GOLD, first, second, MAJORITY, SENTENCES, rng=np.random.default_rng(0), **shares
        ).verdict  # type: ignore[arg-type]

    assert verdict(lost_below=0.3) == "weakened"
    assert verdict(lost_below=0.85) == "lost"
    assert verdict(lost_below=0.1, kept_above=0.3) == "kept"


def test_more_comparisons_take_more_evidence() -> None:
    def found(n_comparisons: int) -> Forgetting:
        rng = np.random.default_rng(3)
        return _found(0.95, 0.885, rng, n_comparisons=n_comparisons)

    assert found(1).verdict == "weakened"
    assert found(10**6).verdict == "cannot be told"
    assert found(1).change == found(10**6).change


def test_on_the_border_few_samples_are_called_lost_or_kept() -> None:
    """Where just half of what was known is left, an interval of 95 % is clearly below half in 2.5 % of samples."""
    for after, verdict in ((0.7, "lost"), (0.86, "kept")):
        found = [_found(0.9, after, np.random.default_rng(seed), n_resamples=30) for seed in range(60)]
        assert [each.verdict for each in found].count(verdict) <= 5


def test_another_metric(rng: np.random.Generator) -> None:
    gold = rng.normal(size=len(SENTENCES))
    before, after = gold + 0.3 * rng.normal(size=len(gold)), rng.normal(size=len(gold))

    def correlation(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.corrcoef(one, other)[0, 1])

    control = rng.normal(size=len(gold))
    found = forgetting(
        gold, before, after, control, SENTENCES, metric=correlation, bounds=(-1.0, 1.0), rng=rng
    )
    assert found.verdict == "lost"
    assert found.before.value == pytest.approx(correlation(gold, before))


@settings(max_examples=10)
@given(st.floats(0.55, 1), st.floats(0, 1), st.integers(0, 2**16))
def test_names_of_labels_and_sentences_and_their_order_change_nothing(
    before: float, after: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(N_SENTENCES * PER_SENTENCE)
    read = GOLD, _right(before, rng), _right(after, rng), MAJORITY

    def values(labels: tuple[np.ndarray, ...], sentences: np.ndarray) -> list[float]:
        found = forgetting(*labels, sentences, n_resamples=20, rng=np.random.default_rng(0))
        figures = (found.before, found.after, found.control, found.known, found.change, found.share_left)
        return [end for each in figures for end in (each.value, each.low, each.high)]

    renamed = tuple((each[order] == "noun").astype(int) for each in read)
    assert values(renamed, SENTENCES[order] + 10) == pytest.approx(
        values(read, SENTENCES), abs=1e-9, nan_ok=True
    )


def test_the_seed_decides_and_the_record_survives(rng: np.random.Generator) -> None:
    first, again = (_found(0.9, 0.6, np.random.default_rng(1)) for _ in range(2))
    assert first == again
    assert Forgetting.model_validate_json(first.model_dump_json()) == first


def test_few_sentences(rng: np.random.Generator) -> None:
    rows = SENTENCES < 4
    found = forgetting(GOLD[rows], GOLD[rows], MAJORITY[rows], MAJORITY[rows], SENTENCES[rows], rng=rng)
    assert found.verdict == "cannot be told"
    assert "4 sentences" in found.status
    assert "is left" not in found.text


def test_an_undefined_metric_tells_nothing(rng: np.random.Generator) -> None:
    found = forgetting(GOLD, GOLD, GOLD, MAJORITY, SENTENCES, metric=lambda *_: math.nan, rng=rng)
    assert (found.verdict, found.status) == (
        "cannot be told",
        "undefined: the metric has no value on these predictions",
    )
    assert found.text.endswith("Scores: undefined before, undefined after, control undefined.")


def test_a_metric_that_is_undefined_after_tells_nothing(rng: np.random.Generator) -> None:
    def no_majority(gold: np.ndarray, predicted: np.ndarray) -> float:
        return math.nan if (predicted == "none").all() else accuracy(gold, predicted)

    found = forgetting(
        GOLD, GOLD, np.full(len(GOLD), "none"), MAJORITY, SENTENCES, metric=no_majority, rng=rng
    )
    assert found.known.has_interval
    assert found.verdict == "cannot be told"
    assert found.status.startswith("undefined")


def test_the_text(rng: np.random.Generator) -> None:
    found = _found(0.95, 0.5, rng)
    assert found.text.startswith("It was lost: of what the vectors gave beyond the control, ")
    assert f"{found.before.value:.2f} ({found.before.low:.2f} … {found.before.high:.2f}) before" in found.text
    unclear = found.model_copy(update={"verdict": "cannot be told"})
    assert unclear.text.startswith("Whether it was lost cannot be told: of what")
    nothing = _found(0.5, 0.5, rng)
    assert nothing.text.startswith("Whether it was lost cannot be told: there was nothing to lose")


def test_what_is_left_is_a_share_of_what_was_known() -> None:
    assert module._share_left(0.9, 0.7, 0.5) == pytest.approx(0.5)
    assert math.isnan(module._share_left(0.5, 0.7, 0.5))


BAD = {
    "after": ({"predicted_after": GOLD[:-1]}, "predicted_after has the wrong shape"),
    "control": ({"predicted_by_control": GOLD[:-1]}, "predicted_by_control has the wrong shape"),
    "ids": ({"sentence_ids": SENTENCES[:-1]}, "sentence_ids has the wrong shape"),
    "shares": ({"lost_below": 0.95}, "0 < lost_below < kept_above < 1"),
    "a share of 1": ({"kept_above": 1.0}, "0.5 and 1.0"),
    "comparisons": ({"n_comparisons": 0}, "n_comparisons is out of range"),
    "resamples": ({"n_resamples": 1}, "at least 10"),
    "level": ({"level": 95.0}, "level is not a coverage"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told(case: str) -> None:
    changed, message = BAD[case]
    given: dict[str, object] = {
        "gold": GOLD,
        "predicted_before": GOLD,
        "predicted_after": GOLD,
        "predicted_by_control": GOLD,
        "sentence_ids": SENTENCES,
        **changed,  # type: ignore[dict-item]
    }
    with pytest.raises(InputError, match=message):
        forgetting(**given, rng=np.random.default_rng(0))  # type: ignore[arg-type]


def test_no_examples_are_refused() -> None:
    nothing = np.array([], dtype=int)
    with pytest.raises(InputError, match="gold holds no labels"):
        forgetting(nothing, nothing, nothing, nothing, nothing, rng=np.random.default_rng(0))
