from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.weights.task_vectors import task_vector_cosine

Model = dict[str, np.ndarray]


def _model(rng: np.random.Generator, dtype: type = np.float64) -> Model:
    shapes = {
        "pooler.dense.weight": (3, 3),
        "encoder.layer.1.dense.weight": (3, 4),
        "encoder.layer.1.dense.bias": (3,),
        "encoder.layer.0.dense.weight": (3, 4),
        "embeddings.word_embeddings.weight": (9, 4),
    }
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def naive_cosine(base: Model, a: Model, b: Model, part: str = "") -> float:
    first, second = (
        np.concatenate([(tuned[name] - w).ravel() for name, w in base.items() if part in name])
        for tuned in (a, b)
    )
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def test_the_formula_by_part_and_in_total(rng: np.random.Generator) -> None:
    base, a, b = (_model(rng) for _ in range(3))
    cosines = task_vector_cosine(base, a, b)
    assert list(cosines) == ["embeddings", "layer 1", "layer 2", "pooler", "total"]
    assert cosines["layer 2"].value == pytest.approx(naive_cosine(base, a, b, "layer.1"))
    assert cosines["total"].value == pytest.approx(naive_cosine(base, a, b))
    assert cosines["total"].status == "ok"
    assert not cosines["total"].has_interval


def test_known_answers(rng: np.random.Generator) -> None:
    base, a = _model(rng), _model(rng)
    further = {name: w + 7 * (a[name] - w) for name, w in base.items()}
    back = {name: w - (a[name] - w) for name, w in base.items()}
    assert [each.value for each in task_vector_cosine(base, a, further).values()] == pytest.approx([1] * 5)
    assert [each.value for each in task_vector_cosine(base, a, back).values()] == pytest.approx([-1] * 5)
    zeros = {"h.0.w": np.zeros(2)}
    orthogonal = task_vector_cosine(zeros, {"h.0.w": np.array([0.0, 3])}, {"h.0.w": np.array([2.0, 0])})
    assert orthogonal["layer 1"].value == 0


def test_unrelated_updates_are_as_orthogonal_as_documented(rng: np.random.Generator) -> None:
    base = {"h.0.w": np.zeros(10_000)}
    cosines = [
        task_vector_cosine(base, *({"h.0.w": rng.normal(size=10_000)} for _ in range(2)))["total"].value
        for _ in range(200)
    ]
    assert np.std(cosines) == pytest.approx(0.01, rel=0.2)


@settings(max_examples=25)
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(0.01, 100))
def test_invariance_and_range(seed: int, scale: float, stretch: float) -> None:
    rng = np.random.default_rng(seed)
    base, a, b = (_model(rng) for _ in range(3))
    longer = {name: w + stretch * (a[name] - w) for name, w in base.items()}
    scaled = [{name: scale * w for name, w in model.items()} for model in (base, longer, b)]
    swapped, cosines = task_vector_cosine(base, b, a), task_vector_cosine(base, a, b)
    for part, cosine in task_vector_cosine(*scaled).items():
        assert -1 <= cosine.value <= 1
        assert cosine.value == pytest.approx(cosines[part].value, abs=1e-9)
        assert swapped[part].value == pytest.approx(cosines[part].value, abs=1e-12)


def test_half_precision_and_more_than_a_block_are_summed_in_double() -> None:
    base = {"h.0.w": np.full(1_500_000, 300, dtype=np.float16)}
    a = {"h.0.w": np.full(1_500_000, 400, dtype=np.float16)}
    b = {"h.0.w": np.full(1_500_000, 400, dtype=np.float16)}
    b["h.0.w"][::2] = 200
    assert task_vector_cosine(base, a, a)["total"].value == pytest.approx(1, abs=1e-12)
    assert task_vector_cosine(base, a, b)["total"].value == pytest.approx(0, abs=1e-12)


def test_prefixes_and_heads_of_some_do_not_matter(rng: np.random.Generator) -> None:
    base, a, b = (_model(rng) for _ in range(3))
    expected = task_vector_cosine(base, a, b)
    heads = {"classifier.weight": np.ones((2, 4))}, {"classifier.weight": np.ones((5, 4))}
    prefixed = {f"bert.{name}": w for name, w in a.items()} | heads[0]
    without = {name: w for name, w in b.items() if "pooler" not in name} | heads[1]
    cosines = task_vector_cosine(base, prefixed, without)
    assert list(cosines) == ["embeddings", "layer 1", "layer 2", "total"]
    assert cosines["layer 1"] == expected["layer 1"]


def test_undefined_cosines_are_nan_with_a_status(rng: np.random.Generator) -> None:
    base, a, b = (_model(rng) for _ in range(3))
    name = "encoder.layer.0.dense.weight"
    for frozen, side in ((a, "tuned_a"), (b, "tuned_b")):
        kept, frozen[name] = frozen[name], base[name]
        cosines = task_vector_cosine(base, a, b)
        assert math.isnan(cosines["layer 1"].value)
        assert cosines["layer 1"].status == f"undefined: the update of {side} is zero"
        assert cosines["total"].value == pytest.approx(naive_cosine(base, a, b))
        frozen[name] = kept
    for model in (base, a, b):
        broken = model["pooler.dense.weight"]
        model["pooler.dense.weight"] = np.full((3, 3), np.inf)
        cosines = task_vector_cosine(base, a, b)
        assert cosines["pooler"].status == "undefined: a weight is not finite"
        assert math.isnan(cosines["total"].value)
        assert cosines["layer 1"].status == "ok"
        model["pooler.dense.weight"] = broken


def test_models_that_do_not_fit_are_refused_by_run_and_parameter(rng: np.random.Generator) -> None:
    base, a, b = (_model(rng) for _ in range(3))
    name = "encoder.layer.0.dense.weight"
    fewer = {key: w for key, w in b.items() if key != name}
    with pytest.raises(InputError, match=rf"tuned_b does not fit base(.|\n)*missing in tuned(.|\n)*{name}"):
        task_vector_cosine(base, a, fewer)
    with pytest.raises(InputError, match=r"tuned_a does not fit base(.|\n)*different shapes(.|\n)*\(4, 3\)"):
        task_vector_cosine(base, a | {name: np.ones((4, 3))}, b)
    with pytest.raises(InputError, match=r"tuned_a does not fit base(.|\n)*share no part"):
        task_vector_cosine(base, {"other.w": np.ones(1)}, b)
    heads = {"a.w": np.ones(1), "b.w": np.ones(1)}
    with pytest.raises(InputError, match=r"share no part of the base model(.|\n)*got: a and b"):
        task_vector_cosine(heads, {"a.w": np.ones(1)}, {"b.w": np.ones(1)})
