from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tunescope import extract, read_task
from tunescope._core.errors import InputError
from tunescope._core.seeds import derive_seed
from tunescope.measures.probing.codelength import (
    PORTIONS,
    _order,
    compression_difference,
    compression_estimate,
    online_codelength,
)
from tunescope.measures.probing.control_task import control_labels
from tunescope.measures.probing.mlp_probe import MLPProbe


def _examples(n: int = 800) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 8))
    return (
        x,
        np.array(["a", "b", "c"])[(x[:, 0] > 0).astype(int) + (x[:, 1] > 0)],
        np.repeat(np.arange(n // 4), 4),
    )


def test_it_is_the_sum_over_probes_that_are_each_trained_by_themselves() -> None:
    x, y, _ = _examples()
    portions = (0.1, 0.3, 1.0)
    code = online_codelength(x, y, portions=portions, seed=4, max_epochs=30, device="cpu")
    order = _order(len(x), None, 4)
    total = 80 * math.log2(3)
    for start, end in ((80, 240), (240, 800)):
        probe = MLPProbe(
            (128, 128),
            max_epochs=30,
            patience=5,
            stopping="validation loss",
            seed=derive_seed(4, "online code", start),
            device="cpu",
        ).fit(x[order[:start]], y[order[:start]])
        for row in order[start:end]:
            total -= math.log2(probe.predict_proba(x[row][None])[0, list(probe.classes_).index(y[row])])
    assert code.codelength == pytest.approx(total, rel=1e-9)
    assert code.uniform_codelength == pytest.approx(800 * math.log2(3))
    assert code.compression == pytest.approx(800 * math.log2(3) / total)


def test_labels_that_the_vectors_know_are_short_and_random_ones_are_not() -> None:
    x, y, _ = _examples()
    assert online_codelength(x, y, seed=0, device="cpu").compression > 2
    random = np.random.default_rng(1).integers(4, size=len(x))
    assert online_codelength(x, random, seed=0, device="cpu").compression <= 1.05


def test_the_last_portion_ends_with_the_last_example() -> None:
    x, y, _ = _examples(20)
    code = online_codelength(x, y, seed=0, max_epochs=3, device="cpu")
    assert code.portions[-1] == 20
    assert code.portions[0] >= 2
    assert len(PORTIONS) == 11
    assert any("did not converge" in note for note in code.notes)


def test_whole_sentences_are_sent_one_after_the_other() -> None:
    _, _, sentences = _examples()
    assert (np.diff(sentences[_order(800, sentences, 0)].reshape(-1, 4), axis=1) == 0).all()


def test_intervals_hold_the_figure_and_pair_the_codes() -> None:
    x, y, sentences = _examples()
    weak = online_codelength(x + np.random.default_rng(2).normal(size=x.shape), y, seed=0, device="cpu")
    strong = online_codelength(x, y, seed=0, device="cpu")
    estimate = compression_estimate(strong, sentences, rng=np.random.default_rng(0))
    assert estimate.value == pytest.approx(strong.compression)
    assert estimate.low < estimate.value < estimate.high
    difference = compression_difference(weak, strong, sentences, rng=np.random.default_rng(0))
    assert difference.value == pytest.approx(strong.compression - weak.compression)
    assert difference.low > 0
    same = compression_difference(strong, strong, sentences, rng=np.random.default_rng(0))
    assert (same.value, same.low, same.high) == (0, 0, 0)


@pytest.mark.parametrize("portions", [(), (0.5,), (0.5, 0.2, 1.0), (0.0, 1.0)])
def test_portions_that_do_not_rise_to_one_are_refused(portions: tuple[float, ...]) -> None:
    x, y, _ = _examples(20)
    with pytest.raises(InputError, match="do not rise to 1"):
        online_codelength(x, y, portions=portions, seed=0)


def test_bad_examples_are_refused() -> None:
    x, y, sentences = _examples(20)
    with pytest.raises(InputError, match="single class"):
        online_codelength(x, np.repeat("a", 20), seed=0)
    with pytest.raises(InputError, match="too few rows"):
        online_codelength(x[:3], y[:3], seed=0)
    with pytest.raises(InputError, match="not finite"):
        online_codelength(np.full_like(x, np.nan), y, seed=0)
    short, long = (online_codelength(x[:n], y[:n], seed=0, max_epochs=2, device="cpu") for n in (10, 20))
    with pytest.raises(InputError, match="different examples"):
        compression_difference(short, long, sentences, rng=np.random.default_rng(0))


@pytest.mark.slow
def test_context_shortens_real_labels_and_the_control_task_is_far_longer(
    minilm: Path, shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    path = shared_data("ud/PUD-r2.5/en_pud-ud-test.conllu")
    task = read_task("conllu:pos", train=f"{path}[:250]", test=f"{path}[800:]")
    store = extract(minilm, task, "train", tmp_path, layers=(0, 2, 3), device="cpu")
    words = store.targets["token"].to_numpy().astype(np.str_)
    control, _ = control_labels(words, store.labels, words[:1], rng=np.random.default_rng(0))
    codes = {
        layer: online_codelength(store.layer(layer), store.labels, sentence_ids=store.sentence_ids, seed=0)
        for layer in (0, 2, 3)
    }
    for layer in (2, 3):
        gain = compression_difference(
            codes[0], codes[layer], store.sentence_ids, rng=np.random.default_rng(0)
        )
        assert gain.low > 0
    controlled = online_codelength(store.layer(3), control, sentence_ids=store.sentence_ids, seed=0)
    assert controlled.compression < 0.7 * codes[3].compression
