"""From which layer on models differ, by different sentences: the statistic, its level, planted changes, bad input."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from tunescope._core.errors import InputError
from tunescope.measures.similarity import unpaired_onset
from tunescope.measures.similarity.onset import Onset
from tunescope.measures.similarity.unpaired_onset import onset_layer_unpaired

HIDDEN = 6
WEIGHTS = np.random.default_rng(3).normal(size=(4, HIDDEN, HIDDEN)) / 2
OTHER = np.random.default_rng(4).normal(size=(4, HIDDEN, HIDDEN)) / 2


def _vectors(
    rng: np.random.Generator, n_sentences: int, *, onset: int | None = None, strength: float = 0.0
) -> tuple[list[np.ndarray], np.ndarray]:
    """Draw sentences of two to four words, and run them through a stack of which a layer may be changed."""
    sentences = np.repeat(np.arange(n_sentences), rng.integers(2, 5, size=n_sentences))
    common = rng.normal(size=(n_sentences, HIDDEN))[sentences]
    layers = [np.abs(common + rng.normal(size=common.shape))]
    for number, weights in enumerate(WEIGHTS, start=1):
        matrix = weights + strength * OTHER[number - 1] * (number == onset)
        layers.append(np.tanh(layers[-1] @ matrix) + layers[-1])
    return layers, sentences


def _found(
    rng: np.random.Generator, n_sentences: int = 60, n_permutations: int = 199, **change: float
) -> Onset:
    before, first = _vectors(rng, n_sentences)
    after, second = _vectors(rng, n_sentences, **change)  # type: ignore[arg-type]
    return onset_layer_unpaired(before, after, first, second, n_permutations=n_permutations, rng=rng)


def _naive_statistic(rest: np.ndarray, sentences: np.ndarray, first: list[int]) -> float:
    """Hotelling's statistic with shrinkage, written out over sentences."""
    sums = np.array([rest[sentences == sentence].sum(axis=0) for sentence in np.unique(sentences)])
    covariance = sum(np.outer(each, each) for each in sums) / len(sums)
    shrunk = covariance + 0.1 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    inside = np.isin(sentences, first)
    difference = rest[inside].mean(axis=0) - rest[~inside].mean(axis=0)
    return float(difference @ np.linalg.inv(shrunk) @ difference)


def test_the_statistic_is_that_of_its_formula(rng: np.random.Generator) -> None:
    layers, sentences = _vectors(rng, 10)
    samples = unpaired_onset._sampled(sentences[sentences < 4], sentences[sentences >= 4] - 4)
    scaled = [(x - x.mean(axis=0)) / math.sqrt(np.mean(np.sum((x - x.mean(axis=0)) ** 2, 1))) for x in layers]
    x, y = scaled[1], scaled[2]
    gram = x.T @ x
    expected_rest = y - x @ np.linalg.inv(gram + 0.1 * np.trace(gram) / HIDDEN * np.eye(HIDDEN)) @ x.T @ y
    rest = unpaired_onset._unforetold(layers[1], layers[2])
    assert rest is not None
    assert rest == pytest.approx(expected_rest, abs=1e-10)
    assert unpaired_onset._unforetold(None, layers[0]) == pytest.approx(scaled[0], abs=1e-10)
    choices = list(itertools.combinations(range(10), 4))[:50]
    divisions = np.array([np.isin(np.arange(10), choice) for choice in choices])
    found = unpaired_onset._shifts(rest, samples, divisions)
    assert found == pytest.approx(
        [_naive_statistic(rest, sentences, list(choice)) for choice in choices], rel=1e-8
    )


def test_p_values_are_those_of_their_definition(rng: np.random.Generator) -> None:
    figures = rng.normal(size=(3, 50))
    figures[1] = math.nan
    figures[0, 0] = 9.0
    largest = [max(figures[0, i], figures[2, i]) for i in range(1, 50)]
    expected = [(1 + sum(each >= figures[layer, 0] for each in largest)) / 50 for layer in (0, 2)]
    found = unpaired_onset._p_values(figures)
    assert found[[0, 2]] == pytest.approx(expected)
    assert found[0] == pytest.approx(1 / 50)
    assert math.isnan(found[1])


def test_random_divisions_keep_the_sizes_and_row_0_is_as_given(rng: np.random.Generator) -> None:
    samples = unpaired_onset._sampled(np.arange(7), np.arange(4))
    divisions = unpaired_onset._divide(samples, 50, rng)
    assert divisions.shape == (51, 11)
    assert divisions[0].tolist() == [True] * 7 + [False] * 4
    assert set(divisions.sum(axis=1)) == {7}
    assert 0.5 < divisions[1:, 0].mean() < 0.8


@pytest.mark.parametrize("onset", [1, 2, 3, 4])
def test_the_planted_layer_is_found(onset: int) -> None:
    found = [_found(np.random.default_rng(seed), onset=onset, strength=0.5).layer for seed in range(10)]
    assert found.count(onset) >= 9


def test_a_different_embedding_is_found(rng: np.random.Generator) -> None:
    before, first = _vectors(rng, 60)
    after, second = _vectors(rng, 60)
    found = onset_layer_unpaired(
        before, [after[0] + 0.5, *after[1:]], first, second, n_permutations=199, rng=rng
    )
    assert found.layer == 0
    assert "Already layer 0 differs" in found.text
    assert "different kinds of text" in found.text


def test_at_most_the_level_of_equal_models_are_said_to_differ() -> None:
    """At level 0.9, a tenth of 200; a binomial count of 200 is above 33 in 1 of 1,000 tests."""
    claims = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        before, first = _vectors(rng, 12)
        after, second = _vectors(rng, 15)
        found = onset_layer_unpaired(before, after, first, second, n_permutations=39, level=0.9, rng=rng)
        claims += found.layer is not None
    assert 8 <= claims <= 33


def test_invariance(rng: np.random.Generator) -> None:
    """Scale, a common rotation and shift, the order of the rows and the names of the sentences change nothing."""
    before, first = _vectors(rng, 20)
    after, second = _vectors(rng, 20, onset=2, strength=0.3)
    rotation = np.linalg.qr(rng.normal(size=(HIDDEN, HIDDEN)))[0]
    orders = rng.permutation(len(first)), rng.permutation(len(second))

    def found(x: list[np.ndarray], y: list[np.ndarray], ids: tuple[np.ndarray, np.ndarray]) -> Onset:
        return onset_layer_unpaired(x, y, *ids, n_permutations=99, rng=np.random.default_rng(0))

    plain = found(before, after, (first, second))
    turned = found(
        [1e-3 * each[orders[0]] @ rotation + 5 for each in before],
        [1e-3 * each[orders[1]] @ rotation + 5 for each in after],
        (first[orders[0]] + 100, second[orders[1]]),
    )
    assert [each.p_value for each in turned.layers] == pytest.approx([each.p_value for each in plain.layers])
    assert [each.shift for each in turned.layers] == pytest.approx(
        [each.shift for each in plain.layers], abs=1e-6
    )


def test_the_seed_decides(rng: np.random.Generator) -> None:
    first, again = (_found(np.random.default_rng(5), 20) for _ in range(2))
    assert first == again
    read = Onset.model_validate_json(first.model_dump_json())
    assert repr(read) == repr(first)  # NaN is not equal to itself
    assert not first.paired


def test_nothing_is_ever_said_to_be_the_same(rng: np.random.Generator) -> None:
    found = _found(rng, 20)
    assert found.layer is None
    assert {each.verdict for each in found.layers} == {"unclear"}
    assert found.text.startswith("No layer can be told to differ (smallest p")
    assert "corrected for 5 layers" in found.text


def test_the_text_names_the_layer_and_the_evidence(rng: np.random.Generator) -> None:
    found = _found(rng, onset=2, strength=1.0)
    assert found.text.startswith("The change starts at layer 2, which does something else")
    assert "(p 0.005, corrected for 5 layers); below, no difference can be told (smallest p" in found.text


def test_one_layer_and_more_columns_than_rows(rng: np.random.Generator) -> None:
    before, after = rng.normal(size=(2, 1, 12, 50))
    found = onset_layer_unpaired(before, after + 1, np.arange(12), np.arange(12), rng=rng)
    assert found.layer == 0
    two = [np.concatenate([each, each + rng.normal(size=each.shape)]) for each in (before, after)]
    assert onset_layer_unpaired(*two, np.arange(12), np.arange(12), rng=rng).status == "ok"


@pytest.mark.parametrize(
    ("sizes", "level", "status"),
    [((4, 30), 0.99, "a sample has 4 sentences"), ((5, 5), 0.999, "in 126 ways only"), ((5, 5), 0.99, "ok")],
)
def test_few_sentences(sizes: tuple[int, int], level: float, status: str, rng: np.random.Generator) -> None:
    before, after = (_vectors(rng, size) for size in sizes)
    found = onset_layer_unpaired(before[0], after[0], before[1], after[1], level=level, rng=rng)
    assert found.layer is None
    assert status in found.status
    if status != "ok":
        assert all(math.isnan(each.p_value) for each in found.layers)
        assert found.text.startswith("Whether the two models differ cannot be told")


def test_many_sentences_do_not_overflow(rng: np.random.Generator) -> None:
    before, after = rng.normal(size=(2, 1, 1500, 2))
    found = onset_layer_unpaired(before, after, np.arange(1500), np.arange(1500), n_permutations=99, rng=rng)
    assert found.status == "ok"


def test_constant_layers_are_undefined_and_the_others_are_told(rng: np.random.Generator) -> None:
    before, first = _vectors(rng, 40)
    after, second = _vectors(rng, 40, onset=3, strength=1.0)
    for side in (before, after):
        side[0] = np.ones_like(side[0])
    found = onset_layer_unpaired(before, after, first, second, n_permutations=99, rng=rng)
    assert math.isnan(found.layers[0].p_value)
    assert found.layers[0].verdict == "unclear"
    assert found.layer == 3
    assert "corrected for 4 layers" in found.text
    nothing = onset_layer_unpaired(before[:1], after[:1], first, second, n_permutations=99, rng=rng)
    assert nothing.status == "undefined: the vectors of every layer are all equal"


BAD = {
    "no layers": ({"before": []}, "before has no layers"),
    "layers": ({"after": np.ones((3, 10, 2))}, "different numbers of layers"),
    "columns": ({"after": np.ones((2, 9, 3))}, "states of one model"),
    "not finite": ({"after": np.full((2, 10, 2), math.nan)}, "not finite"),
    "ids": ({"after_sentence_ids": np.arange(9)}, "one entry for each of 10 examples"),
    "permutations": ({"n_permutations": 98}, "at least 99 for level 0.99"),
    "level": ({"level": 0.0}, "level is not a coverage"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told(case: str) -> None:
    changed, message = BAD[case]
    given: dict[str, object] = {
        "before": np.ones((2, 10, 2)),
        "after": np.ones((2, 10, 2)),
        "before_sentence_ids": np.arange(10),
        "after_sentence_ids": np.arange(10),
        **changed,  # type: ignore[dict-item]
    }
    with pytest.raises(InputError, match=message):
        onset_layer_unpaired(**given, rng=np.random.default_rng(0))  # type: ignore[arg-type]
