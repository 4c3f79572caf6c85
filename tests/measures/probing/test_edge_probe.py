from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score
from sklearn.neural_network import MLPClassifier

from tunescope import extract, read_task
from tunescope._core.errors import InputError, ModelError
from tunescope.measures.probing.edge_probe import EdgePrediction, EdgeProbes, fit_edge_probes
from tunescope.measures.probing.edge_scores import LayerScores, expected_layer_difference, layer_scores
from tunescope.measures.probing.edge_settings import EdgeSettings
from tunescope.measures.probing.engine.edge import EdgeSize, edge_logits, gather, pieces, pooled
from tunescope.measures.probing.labelled_spans import LabelledSpans, words_in_spans
from tunescope.measures.probing.layer_mix import (
    centre_of_gravity,
    divergence_from_uniform,
    expected_layer,
    expected_layers,
)
from tunescope.measures.probing.micro_f1 import micro_f1, micro_f1_difference
from tunescope.tasks.word_targets import word_targets, word_task

QUICK = EdgeSettings(projection_size=16, learning_rate=0.01, batch_size=32, max_epochs=15)


def planted(
    rng: np.random.Generator,
    layer: int,
    *,
    parts: int = 1,
    n: int = 400,
    n_layers: int = 5,
    signal: float = 3.0,
) -> LabelledSpans:
    """Return spans of one to three words whose class stands in the vectors of one layer alone, the others noise."""
    lengths = rng.integers(1, 4, (n, parts))
    ends = np.cumsum(lengths.ravel()).reshape(n, parts)
    spans = np.stack([ends - lengths, ends], axis=2)
    kinds = rng.integers(0, 4 if parts == 1 else 2, (n, parts))
    vectors = rng.normal(size=(n_layers, int(ends[-1, -1]), 6)).astype(np.float32)
    words, span = words_in_spans(spans.reshape(-1, 2))
    vectors[layer, words, kinds.ravel()[span]] += signal
    labels = np.array(["".join("abcd"[kind] for kind in row) for row in kinds])
    return LabelledSpans(vectors, spans, labels, np.arange(n) // 4)


def single_words(vectors: np.ndarray, labels: np.ndarray) -> LabelledSpans:
    first = np.arange(len(labels))
    return LabelledSpans(vectors, np.stack([first, first + 1], axis=1), labels, first // 3)


def fit(train: LabelledSpans, **options: object) -> EdgeProbes:
    return fit_edge_probes(train, **{"settings": QUICK, "seed": 0, "device": "cpu", **options})


@pytest.mark.parametrize(("layer", "parts"), [(1, 1), (2, 1), (4, 1), (1, 2), (3, 2)])
def test_the_layer_that_carries_the_label_is_found(layer: int, parts: int, rng: np.random.Generator) -> None:
    spans = planted(rng, layer, parts=parts, n=800)
    train, test = take(spans, np.arange(800) < 600), take(spans, np.arange(800) >= 600)
    settings = replace(
        QUICK, learning_rate=0.03, max_epochs=30, patience=30
    )  # for weights that have moved far
    scores = layer_scores(fit(train, settings=settings), test, seed=0, device="cpu")
    assert scores.expected_layer.value == pytest.approx(layer, abs=0.3)
    assert scores.expected_layer.low <= scores.expected_layer.value <= scores.expected_layer.high
    assert scores.mix is not None
    assert scores.mix.weights[layer] > 3 * np.delete(scores.mix.weights, layer).max()
    assert scores.mix.centre_of_gravity == pytest.approx(layer, abs=0.6)
    assert scores.mix.divergence > 0.3
    accuracies = [score.accuracy.value for score in scores.each]
    assert int(np.argmax(accuracies)) == layer
    assert accuracies[layer] > 0.95
    assert [score.accuracy.value > 0.9 for score in scores.cumulative] == [at >= layer for at in range(5)]


def take(spans: LabelledSpans, chosen: np.ndarray) -> LabelledSpans:
    return replace(
        spans,
        spans=spans.spans[chosen],
        labels=spans.labels[chosen],
        sentence_ids=spans.sentence_ids[chosen],
    )


def test_logits_are_those_of_a_naive_loop(rng: np.random.Generator) -> None:
    spans = planted(rng, 1, parts=2, n=6, n_layers=3)
    size = EdgeSize(n_layers=3, hidden_size=6, n_parts=2, projection_size=4, n_labels=3)
    n_numbers = sum(math.prod(shape) for shape in size.shapes.values())
    weights = size.unpack(torch.from_numpy(rng.normal(size=(2, n_numbers)).astype(np.float32)))
    allowed = np.array([[True, True, False], [False, False, True]])
    parts = gather(spans.vectors, spans.spans, torch.device("cpu"))
    found = edge_logits(weights, torch.from_numpy(allowed), parts).numpy()
    for probe in range(2):
        own = {name: value[probe].double().numpy() for name, value in weights.items()}
        mix = np.where(allowed[probe], np.exp(own["mix"]), 0)
        mix = own["gamma"] * mix / mix.sum()
        for example in range(6):
            row = []
            for part, (start, end) in enumerate(spans.spans[example]):
                words = []
                for word in range(start, end):
                    mixed = sum(mix[layer] * spans.vectors[layer, word] for layer in range(3))
                    words.append(mixed @ own["projection"][part] + own["projection_bias"][part])
                share = np.exp([word @ own["attention"][part] for word in words])
                row.append(sum(s * word for s, word in zip(share / share.sum(), words, strict=True)))
            hidden = np.tanh(np.concatenate(row) @ own["inner"] + own["inner_bias"])
            hidden = (hidden - hidden.mean()) / np.sqrt(hidden.var() + 1e-5) * own["norm"] + own["norm_bias"]
            assert found[probe, example] == pytest.approx(
                hidden @ own["outer"] + own["outer_bias"], rel=1e-4, abs=1e-4
            )


def test_a_span_of_one_word_is_its_projected_word(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(2, 9, 6)).astype(np.float32)
    mixed_lengths = np.array([[[0, 1]], [[1, 4]], [[4, 5]]])
    mix, attention = torch.tensor([[0.3, 0.7]]), torch.full((1, 4), 50.0)
    projection, bias = torch.from_numpy(rng.normal(size=(1, 6, 4)).astype(np.float32)), torch.ones(1, 4)
    (words,) = gather(vectors, mixed_lengths, torch.device("cpu"))
    assert words.inside is not None
    found = pooled(mix, words, projection, bias, attention)
    projected = (torch.tensordot(mix, words.vectors, 1) @ projection + bias[:, None])[0]
    assert torch.allclose(found[0, [0, 2]], projected[[0, 4]], rtol=1e-6, atol=1e-6)
    (alone,) = gather(vectors, mixed_lengths[[0, 2]], torch.device("cpu"))
    assert alone.inside is None
    assert torch.allclose(pooled(mix, alone, projection, bias, attention), found[:, [0, 2]], atol=1e-6)
    share = alone.vectors.new_ones(2, 2, dtype=torch.bool) & torch.eye(2, dtype=torch.bool)
    with_mask = pooled(mix, replace(alone, inside=share), projection, bias, attention)
    assert torch.equal(with_mask, pooled(mix, alone, projection, bias, attention))


def test_single_words_are_read_as_well_as_by_another_implementation(rng: np.random.Generator) -> None:
    """scikit-learn's perceptron with one hidden layer, within 4 points on clusters that overlap."""
    labels = rng.integers(0, 4, 1500)
    vectors = (rng.normal(size=(1, 1500, 8)) + 2.5 * np.eye(8)[labels]).astype(np.float32)
    spans = single_words(vectors, labels)
    train, test = take(spans, np.arange(1500) < 1000), take(spans, np.arange(1500) >= 1000)
    mine = fit(train, layers="each").predict(test, device="cpu")[0].best
    perceptron = MLPClassifier((16,), activation="tanh", early_stopping=True, random_state=0, max_iter=500)
    theirs = perceptron.fit(vectors[0, :1000], train.labels).predict(vectors[0, 1000:])
    assert accuracy_score(test.labels, mine) == pytest.approx(accuracy_score(test.labels, theirs), abs=0.04)
    assert 0.8 < accuracy_score(test.labels, mine) < 0.99


def test_micro_f1_is_that_of_scikit_learn(rng: np.random.Generator) -> None:
    names = np.array(["a", "b", "c"])
    labels, assigned = names[rng.integers(0, 3, 50)], rng.random((50, 3)) < 0.4
    prediction = EdgePrediction(names, assigned, names[assigned.argmax(axis=1)])
    expected = f1_score(labels[:, None] == names, assigned, average="micro")
    assert micro_f1(prediction, labels) == pytest.approx(expected)
    better = EdgePrediction(names, labels[:, None] == names, labels)
    gain = micro_f1_difference(prediction, better, labels, np.arange(50) // 5, rng=rng)
    assert gain.value == pytest.approx(1 - expected)
    assert gain.low < gain.value < gain.high
    with pytest.raises(InputError, match="labels that the training set lacks"):
        micro_f1(prediction, np.full(50, "d"))
    with pytest.raises(InputError, match="labels has the wrong shape"):
        micro_f1(prediction, labels[:9])
    with pytest.raises(InputError, match="n_resamples is too small"):
        micro_f1_difference(prediction, better, labels, np.arange(50), n_resamples=3, rng=rng)


def test_figures_of_a_mix_by_hand() -> None:
    assert centre_of_gravity(np.array([0.1, 0.2, 0.7])) == pytest.approx(1.6)
    assert divergence_from_uniform(np.full(7, 1 / 7)) == pytest.approx(0)
    assert divergence_from_uniform(np.array([0.0, 1.0])) == pytest.approx(math.log(2))
    # A differential below 0 is kept: (1 · 0.4 + 2 · (−0.1) + 3 · 0.1) / 0.4
    assert expected_layer(np.array([0.3, 0.7, 0.6, 0.7])) == pytest.approx(1.25)
    assert math.isnan(expected_layer(np.array([0.7, 0.9, 0.6])))
    for wrong in (np.array([0.5, 0.6]), np.array([1.5, -0.5]), np.array([[1.0]]), np.array([])):
        with pytest.raises(InputError, match="no distribution"):
            centre_of_gravity(wrong)
    for wrong in (np.array([[0.5]]), np.array([[0.5], [np.nan]]), np.array([0.1, 0.2])):
        with pytest.raises(InputError, match="cannot give an expected layer"):
            expected_layers(wrong)


def test_scores_that_do_not_rise_have_no_expected_layer(rng: np.random.Generator) -> None:
    spans = planted(rng, 0, n=200, n_layers=2, signal=20.0)  # solved by layer 0 already
    test = take(spans, np.arange(200) >= 120)
    scores = layer_scores(fit(take(spans, np.arange(200) < 120)), test, seed=0, device="cpu")
    assert scores.cumulative[0].micro_f1.value == 1
    assert math.isnan(scores.expected_layer.value)
    assert "do not rise" in scores.expected_layer.status


@pytest.mark.parametrize(
    ("layers", "n_each", "n_cumulative"), [("each", 3, 0), ("cumulative", 0, 3), ("mix", 0, 1)]
)
def test_the_probes_asked_for_are_trained(
    layers: str, n_each: int, n_cumulative: int, rng: np.random.Generator
) -> None:
    spans = planted(rng, 1, n=100, n_layers=3)
    probes = fit(spans, layers=layers, settings=replace(QUICK, max_epochs=1))
    assert (len(probes.each), len(probes.cumulative)) == (n_each, n_cumulative)
    assert "might have gone on" in probes.probes[0].status
    scores = layer_scores(probes, spans, seed=0, device="cpu")
    assert (scores.mix is None) == (n_cumulative == 0)
    if n_cumulative < 2:
        assert "it takes cumulative probes" in scores.expected_layer.status


@pytest.mark.parametrize(("max_epochs", "patience"), [(4, 4), (12, 1)])
def test_probes_trained_together_are_those_trained_alone(
    max_epochs: int, patience: int, rng: np.random.Generator
) -> None:
    spans = planted(rng, 1, parts=2, n=120, n_layers=3)
    settings = replace(QUICK, max_epochs=max_epochs, patience=patience, projection_size=8)
    together = fit(spans, settings=settings)
    if patience == 1:  # some go on when others have ended
        assert len({probe.best_epoch for probe in together.probes}) > 2
    alone = {layers: fit(spans, layers=layers, settings=settings) for layers in ("each", "cumulative", "mix")}
    pairs = [
        (together.each, alone["each"].probes),
        (together.cumulative, alone["cumulative"].probes),
        (together.cumulative[-1:], alone["mix"].probes),
    ]
    for first, second in pairs:
        for probe, other in zip(first, second, strict=True):
            assert probe.weights == pytest.approx(other.weights, abs=1e-5)
            assert (probe.dev_f1, probe.best_epoch) == (other.dev_f1, other.best_epoch)
            assert probe.dev_loss == pytest.approx(other.dev_loss, abs=1e-5)
    assert together._trained.theta[-1] == pytest.approx(alone["mix"]._trained.theta[0], abs=1e-5)


def test_the_seed_decides_everything(rng: np.random.Generator) -> None:
    spans = planted(rng, 1, n=100, n_layers=2)
    threads = torch.get_num_threads()
    first, same, other = (fit(spans, seed=seed, n_jobs=1)._trained.theta for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    assert torch.get_num_threads() == threads


def test_the_order_of_examples_does_not_matter_when_reading(rng: np.random.Generator) -> None:
    spans = planted(rng, 1, parts=2, n=150, n_layers=2)
    probes, order = fit(spans), rng.permutation(150)
    for straight, shuffled in zip(
        probes.predict(spans, device="cpu"), probes.predict(take(spans, order), device="cpu"), strict=True
    ):
        assert np.array_equal(straight.assigned[order], shuffled.assigned)
        assert np.array_equal(straight.best[order], shuffled.best)


def test_pieces_hold_every_example_once_and_few_words() -> None:
    spans = np.array([[[0, 2]], [[2, 4]], [[4, 14]], [[14, 15]], [[15, 16]], [[16, 17]]])
    assert list(pieces(spans, 4, 2)) == [slice(0, 2), slice(2, 3), slice(3, 5), slice(5, 6)]
    assert EdgeSize(2, 10**9, 1, 10**9, 2).words_at_once(50) == 1


def test_training_in_pieces_is_training(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    spans = planted(rng, 1, n=60, n_layers=2)
    settings = replace(QUICK, max_epochs=2)
    whole = fit(spans, settings=settings)._trained.theta
    monkeypatch.setattr(EdgeSize, "words_at_once", lambda *_: 7)
    assert fit(spans, settings=settings)._trained.theta == pytest.approx(whole, abs=1e-4)


def test_a_development_set_may_be_given(rng: np.random.Generator) -> None:
    spans = planted(rng, 1, n=200, n_layers=2)
    train, dev = take(spans, np.arange(200) < 150), take(spans, np.arange(200) >= 150)
    assert fit(train, dev=dev).n_train == 150
    assert fit(train).n_train == 134  # without 4 of its 38 sentences
    with pytest.raises(InputError, match="dev has labels that the training set lacks"):
        fit(train, dev=replace(dev, labels=np.full(50, "z")))
    with pytest.raises(InputError, match="dev is of another kind"):
        fit(train, dev=replace(dev, vectors=dev.vectors[:1]))


def test_what_cannot_be_trained_says_so(rng: np.random.Generator) -> None:
    spans = planted(rng, 1, n=60, n_layers=2)
    huge = replace(spans, vectors=1e300 * spans.vectors.astype(np.float64))  # more than float32 can hold
    assert fit(huge, layers="mix").probes[0].status == "training failed: the loss was never finite"
    probes = fit(huge)
    assert all(math.isnan(probe.dev_f1) for probe in probes.probes)
    scores = layer_scores(probes, spans, n_resamples=20, seed=0, device="cpu")
    for score in (*scores.each, *scores.cumulative):
        assert math.isnan(score.micro_f1.value)
        assert math.isnan(score.accuracy.value)
        assert "never finite" in score.micro_f1.status
    assert math.isnan(scores.expected_layer.value)
    assert "undefined" in scores.expected_layer.status
    assert scores.mix is None


def test_one_test_sentence_costs_the_intervals_alone(rng: np.random.Generator) -> None:
    spans = planted(rng, 1, n=60, n_layers=2)
    one = replace(spans, sentence_ids=np.zeros(60, dtype=int))
    scores = layer_scores(fit(spans, layers="cumulative"), one, n_resamples=20, seed=0, device="cpu")
    assert math.isfinite(scores.expected_layer.value)
    assert not scores.expected_layer.has_interval
    shift = expected_layer_difference(scores, scores, n_resamples=20, rng=rng)
    assert shift.value == 0
    assert not shift.has_interval


def test_a_shift_of_the_expected_layer(rng: np.random.Generator) -> None:
    spans = planted(rng, 1, n=400, n_layers=3)
    later = replace(spans, vectors=spans.vectors[[0, 2, 1]])
    before, after = (
        layer_scores(fit(s, layers="cumulative"), s, seed=0, device="cpu") for s in (spans, later)
    )
    shift = expected_layer_difference(before, after, rng=rng)
    assert shift.value == pytest.approx(after.expected_layer.value - before.expected_layer.value)
    assert 0.6 < shift.low < shift.value < shift.high < 1.4
    with pytest.raises(InputError, match="not scores of the same examples"):
        expected_layer_difference(before, replace(after, labels=after.labels[::-1]), rng=rng)
    with pytest.raises(InputError, match="cannot be compared"):
        expected_layer_difference(before, LayerScores(**{**vars(after), "cumulative": ()}), rng=rng)


WORDS = np.zeros((2, 5, 3))
SPANS = np.array([[0, 1], [2, 5]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vectors": WORDS[0]}, "layers of words"),
        ({"vectors": np.where(np.arange(5)[:, None] == 3, np.nan, WORDS)}, "layer 0 of vectors has a value"),
        ({"spans": np.array([[0, 1], [2, 6]])}, "span 1 of example 1"),
        ({"spans": np.array([[-1, 1], [2, 5]])}, "span 1 of example 0"),
        ({"spans": np.array([[[0, 1], [3, 3]], [[2, 5], [0, 1]]])}, "span 2 of example 0"),
        ({"spans": np.array([[0, 3], [2, 5]])}, "in the spans of two sentences"),
        ({"spans": np.array([[0.0, 1.0], [2.0, 5.0]])}, "spans has the wrong shape"),
        ({"spans": np.zeros((2, 3, 2), dtype=int)}, "spans has the wrong shape"),
        ({"spans": np.zeros((0, 2), dtype=int)}, "There is no example"),
        ({"labels": np.array(["a"])}, "labels has the wrong shape"),
        ({"sentence_ids": np.array([1, 2, 3])}, "sentence_ids has the wrong shape"),
    ],
)
def test_bad_spans_are_refused(changes: dict[str, np.ndarray], message: str) -> None:
    good = {
        "vectors": WORDS,
        "spans": SPANS,
        "labels": np.array(["a", "b"]),
        "sentence_ids": np.array([1, 2]),
    }
    with pytest.raises(InputError, match=message):
        LabelledSpans(**{**good, **changes})


def test_bad_training_and_test_sets_are_refused(rng: np.random.Generator) -> None:
    spans = planted(rng, 1, n=40, n_layers=2)
    with pytest.raises(InputError, match="single class"):
        fit(replace(spans, labels=np.full(40, "a")))
    with pytest.raises(InputError, match="single sentence"):
        fit(replace(spans, sentence_ids=np.zeros(40, dtype=int)))
    with pytest.raises(InputError, match="layers is unknown"):
        fit(spans, layers="some")
    with pytest.raises(InputError, match="n_jobs is 0"):
        fit(spans, n_jobs=0)
    with pytest.raises(ModelError, match="no such device"):
        fit(spans, device="nowhere")
    probes = fit(spans, settings=replace(QUICK, max_epochs=1))
    with pytest.raises(InputError, match="test has labels that the training set lacks"):
        layer_scores(probes, replace(spans, labels=np.full(40, "z")), seed=0)
    with pytest.raises(InputError, match="examples is of another kind"):
        probes.predict(replace(spans, vectors=spans.vectors[..., :5]))
    with pytest.raises(InputError, match="n_resamples is too small"):
        layer_scores(probes, spans, n_resamples=3, seed=0)


@pytest.mark.parametrize(
    "setting",
    [
        {"projection_size": 0},
        {"batch_size": 0},
        {"max_epochs": 0},
        {"patience": 0},
        {"learning_rate": 0.0},
        {"max_gradient_norm": -1.0},
        {"dropout": 1.0},
    ],
)
def test_settings_out_of_range_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(setting))} is out of range"):
        EdgeSettings(**setting)


@pytest.mark.slow
def test_context_tells_more_than_the_embeddings_about_a_real_model(
    minilm: Path, shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    path = shared_data("ud/PUD-r2.5/en_pud-ud-test.conllu")
    task = read_task("conllu:dep", train=f"{path}[:300]", test=f"{path}[350:450]")
    parts = []
    for split in ("train", "test"):
        words = word_targets(task.splits[split])
        vectors = extract(minilm, word_task(task), split, tmp_path, device="cpu").to_xarray().to_numpy()
        parts.append(LabelledSpans(vectors, words.spans, words.labels, words.sentence_ids))
    probes = fit_edge_probes(
        parts[0], layers="cumulative", settings=EdgeSettings(max_epochs=8), seed=0, device="cpu"
    )
    scores = layer_scores(probes, parts[1], seed=0, device="cpu")
    gain = micro_f1_difference(
        scores.cumulative[0].prediction,
        scores.cumulative[-1].prediction,
        scores.labels,
        scores.sentence_ids,
        rng=np.random.default_rng(0),
    )
    assert gain.low > 0.02
    assert 0 < scores.expected_layer.value < 6
