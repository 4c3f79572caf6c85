"""From which layer on the vectors of the same sentences differ: the figure, planted changes, rounding, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.similarity.onset import LayerEvidence, Onset, onset_layer

N_LAYERS, N_SENTENCES, PER_SENTENCE, HIDDEN = 5, 25, 3, 8
SENTENCES = np.repeat(np.arange(N_SENTENCES), PER_SENTENCE)


def _stack(rng: np.random.Generator, shift: float = 3.0) -> list[np.ndarray]:
    """Layers each of which is made from the one below, with a common direction as real vectors have."""
    layers = [rng.normal(size=(len(SENTENCES), HIDDEN)) + shift]
    for _ in range(N_LAYERS - 1):
        layers.append(np.tanh(layers[-1] @ rng.normal(size=(HIDDEN, HIDDEN)) / 3) + 0.5 * layers[-1])
    return layers


def _changed(layers: list[np.ndarray], onset: int, size: float, rng: np.random.Generator) -> list[np.ndarray]:
    return [
        each + (0 if layer < onset else size) * rng.normal(size=each.shape)
        for layer, each in enumerate(layers)
    ]


def test_the_figure_is_that_of_its_formula(rng: np.random.Generator) -> None:
    before = _stack(rng)
    after = _changed(before, 1, 0.3, rng)
    found = onset_layer(before, after, SENTENCES, with_cka=False, rng=rng)
    for layer, evidence in enumerate(found.layers):
        lengths = [float(row @ row) for row in before[layer]]
        moved = [math.dist(*pair) for pair in zip(before[layer], after[layer], strict=True)]
        expected = sum(moved) / len(moved) / math.sqrt(sum(lengths) / len(lengths))
        assert evidence.change is not None
        assert evidence.change.value == pytest.approx(expected, abs=1e-12)


def test_a_known_answer() -> None:
    """Vectors of length 5 that move by 1 change by a fifth."""
    before = np.tile([[3.0, 4.0]], (20, 1))
    found = onset_layer(
        [before], [before + np.array([0.0, 1.0])], np.arange(20), rng=np.random.default_rng(0)
    )
    assert found.layers[0].change is not None
    assert found.layers[0].change.value == pytest.approx(0.2)
    assert (found.layer, found.layers[0].verdict) == (0, "differs")
    assert "at layer 0, the last, the vectors differ (by 0.2 of their length)" in found.text.lower()


@pytest.mark.parametrize("onset", range(N_LAYERS))
@pytest.mark.parametrize("size", [1e-4, 0.1])
def test_the_planted_layer_is_found(onset: int, size: float, rng: np.random.Generator) -> None:
    before = _stack(rng)
    after = _changed(_changed(before, 0, 1e-7, rng), onset, size, rng)
    found = onset_layer(before, after, SENTENCES, rng=rng)
    assert found.layer == onset
    assert [each.verdict for each in found.layers] == ["same"] * onset + ["differs"] * (N_LAYERS - onset)
    assert found.similarity is not None
    assert 0.5 < found.similarity.value <= 1


def test_equal_vectors_and_rounding_are_no_change(rng: np.random.Generator) -> None:
    before = [each.astype(np.float32) for each in _stack(rng)]
    for after in (before, [np.nextafter(each, np.float32(9)) for each in before]):
        found = onset_layer(before, after, SENTENCES, rng=rng)
        assert found.layer is None
        assert {each.verdict for each in found.layers} == {"same"}
        assert found.similarity is None
        assert found.text.startswith("All layers are as they were")


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_coarser_formats_allow_for_coarser_rounding(precision: str, rng: np.random.Generator) -> None:
    before = _stack(rng)
    unit = {"float16": 2.0**-10, "bfloat16": 2.0**-7}[precision]
    after = [each * (1 + unit * rng.uniform(-1, 1, size=each.shape)) for each in before]
    assert onset_layer(before, after, SENTENCES, rng=rng).layer == 0
    assert onset_layer(before, after, SENTENCES, precision=precision, rng=rng).layer is None  # type: ignore[arg-type]


def test_arrays_of_float16_count_as_such(rng: np.random.Generator) -> None:
    before = [each.astype(np.float16) for each in _stack(rng)]
    after = [np.nextafter(each, np.float16(9)) for each in before]
    found = onset_layer(before, after, SENTENCES, rng=rng)
    assert found.layer is None
    assert found.layers[0].tolerance == pytest.approx(16 * 2.0**-10)


def test_a_second_run_tells_how_large_rounding_is(rng: np.random.Generator) -> None:
    before = _stack(rng)
    again = _changed(before, 2, 1e-3, rng)
    after = _changed(before, 2, 1e-3, rng)
    assert onset_layer(before, after, SENTENCES, rng=rng).layer == 2
    found = onset_layer(before, after, SENTENCES, again=again, rng=rng)
    assert found.layer is None
    tolerances = [each.tolerance for each in found.layers]
    assert tolerances == sorted(tolerances)
    assert tolerances[1] < 1e-5 < tolerances[2]
    larger = _changed(before, 3, 0.1, rng)
    assert onset_layer(before, larger, SENTENCES, again=again, rng=rng).layer == 3


def test_an_odd_sentence_makes_no_change(rng: np.random.Generator) -> None:
    before = _stack(rng)
    after = [each.copy() for each in before]
    for each in after:
        each[SENTENCES == 7] += 1.0
    found = onset_layer(before, after, SENTENCES, rng=rng)
    assert found.layer is None
    assert {each.verdict for each in found.layers} == {"unclear"}
    assert "layers 0 to 4 cannot be told from rounding" in found.text


def test_a_change_of_some_words_vectors_is_one(rng: np.random.Generator) -> None:
    """As where fine-tuning has touched only the embeddings of frequent words."""
    before = _stack(rng)
    after = [each.copy() for each in before]
    some = rng.random(len(SENTENCES)) < 0.4
    for each in after:
        each[some] += 0.01
    assert onset_layer(before, after, SENTENCES, rng=rng).layer == 0


@settings(max_examples=10)
@given(st.floats(-150, 150), st.integers(0, 2**16))
def test_invariance(exponent: float, seed: int) -> None:
    """Scale, a common rotation, the order of the examples and the names of the sentences change nothing."""
    rng = np.random.default_rng(seed)
    before = _stack(rng)
    after = _changed(before, 2, 1e-3, rng)
    rotation = np.linalg.qr(rng.normal(size=(HIDDEN, HIDDEN)))[0] * 10.0**exponent
    order = rng.permutation(len(SENTENCES))

    def found(first: list[np.ndarray], second: list[np.ndarray], sentences: np.ndarray) -> Onset:
        return onset_layer(first, second, sentences, with_cka=False, rng=np.random.default_rng(1))

    plain = found(before, after, SENTENCES)
    turned = found(
        [each[order] @ rotation for each in before],
        [each[order] @ rotation for each in after],
        np.array([f"s{sentence:03}" for sentence in SENTENCES[order]]),
    )
    assert plain.layer == turned.layer == 2
    for one, other in zip(plain.layers, turned.layers, strict=True):
        assert one.change is not None
        assert other.change is not None
        assert other.change.value == pytest.approx(one.change.value, abs=1e-9)
        assert other.change.high == pytest.approx(one.change.high, abs=1e-9)


def test_the_seed_decides_and_an_array_does_as_well_as_a_list(rng: np.random.Generator) -> None:
    before = np.stack(_stack(rng)).astype(np.float32)
    after = before + np.float32(0.01)
    first, again = (
        onset_layer(side, after, SENTENCES, rng=np.random.default_rng(5)) for side in (before, list(before))
    )
    assert first == again
    read = Onset.model_validate_json(first.model_dump_json())
    assert repr(read) == repr(first)  # NaN is not equal to itself


def test_one_layer(rng: np.random.Generator) -> None:
    before = _stack(rng)[:1]
    assert onset_layer(before, before, SENTENCES, rng=rng).text.startswith("All layers are as they were")
    assert onset_layer(before, [before[0] + 1], SENTENCES, rng=rng).layer == 0


@pytest.mark.parametrize(("n_sentences", "told"), [(1, False), (4, False), (5, True), (9, True)])
def test_few_sentences(n_sentences: int, told: bool, rng: np.random.Generator) -> None:
    before = _stack(rng)
    after = _changed(before, 1, 0.5, rng)
    rows = np.flatnonzero(n_sentences > SENTENCES)
    found = onset_layer([x[rows] for x in before], [x[rows] for x in after], SENTENCES[rows], rng=rng)
    assert found.layer == (1 if told else None)
    assert (found.status == "ok") == told
    if not told:
        assert f"{n_sentences} sentences" in found.status
        assert {each.verdict for each in found.layers} == {"unclear"}
        assert found.text.startswith("Whether the two models differ cannot be told: no interval")


def test_zero_vectors_are_undefined_and_the_layers_above_are_told(rng: np.random.Generator) -> None:
    before = _stack(rng)
    before[0] = np.zeros_like(before[0])
    after = _changed(before, 2, 0.1, rng)
    found = onset_layer(before, after, SENTENCES, rng=rng)
    assert found.layer == 2
    assert found.layers[0].change is not None
    assert math.isnan(found.layers[0].change.value)
    assert found.layers[0].verdict == "unclear"
    assert found.text.startswith(
        "Layer 1 is as it was; layer 0 cannot be told from rounding; from layer 2 on"
    )
    nothing = onset_layer(before[:1], before[:1], SENTENCES, rng=rng)
    assert nothing.status == "undefined: all vectors before are zero"


def test_hidden_sizes_may_differ_between_layers(rng: np.random.Generator) -> None:
    before = [rng.normal(size=(len(SENTENCES), hidden)) for hidden in (4, 8)]
    assert onset_layer(before, [before[0], before[1] + 0.1], SENTENCES, rng=rng).layer == 1


def test_the_text_tells_the_similarity_and_layers_that_are_not_clear() -> None:
    layers = tuple(
        LayerEvidence(layer=layer, verdict=verdict, change=Estimate(value=0.123))
        for layer, verdict in enumerate(("same", "same", "same", "same", "differs", "unclear", "differs"))
    )
    alike = Estimate(value=0.93, low=0.91, high=0.95)
    found = Onset(layer=4, layers=layers, paired=True, level=0.95, similarity=alike)
    assert found.text == (
        "Layers 0 to 3 are as they were; from layer 4 on the vectors differ (debiased CKA 0.93, 0.91 … 0.95; by 0.12 of"
        " their length); not clearly so at layer 5."
    )
    close = found.model_copy(update={"similarity": Estimate(value=0.99991, low=0.9998, high=0.99994)})
    assert "debiased CKA 0.99991, 0.99980 … 0.99994;" in close.text
    bare = found.model_copy(update={"similarity": Estimate(value=1.0)})
    assert "debiased CKA 1.000000;" in bare.text


BAD = {
    "no layers": ({"before": []}, "before has no layers"),
    "layers": ({"after": np.ones((3, 10, 2))}, "different numbers of layers"),
    "rows": ({"after": np.ones((2, 9, 2))}, "layer 0"),
    "columns": ({"after": np.ones((2, 10, 3))}, "CKA for other hidden sizes"),
    "rows of one side": ({"before": [np.ones((10, 2)), np.ones((9, 2))]}, "same examples at every layer"),
    "not finite": ({"after": np.full((2, 10, 2), math.nan)}, "not finite"),
    "ids": ({"sentence_ids": np.arange(9)}, "one entry for each of 10 examples"),
    "precision": ({"precision": "int8"}, "float32 or float16 or bfloat16"),
    "again": ({"again": np.ones((3, 10, 2))}, "before and again have different numbers of layers"),
    "level": ({"level": 1.0}, "level is not a coverage"),
    "resamples": ({"n_resamples": 3}, "at least 10"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told(case: str) -> None:
    changed, message = BAD[case]
    given: dict[str, object] = {
        "before": np.ones((2, 10, 2)),
        "after": np.ones((2, 10, 2)),
        "sentence_ids": np.arange(10),
        **changed,  # type: ignore[dict-item]
    }
    with pytest.raises(InputError, match=message):
        onset_layer(**given, rng=np.random.default_rng(0))  # type: ignore[arg-type]
