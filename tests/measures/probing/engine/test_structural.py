from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from tests.measures.probing.tree_cases import planted_sentences

from tunescope.measures.probing.dependency_trees import tree_depths, tree_distances
from tunescope.measures.probing.engine import structural
from tunescope.measures.probing.parsed_sentences import ParsedSentences

InTree = Callable[[np.ndarray], np.ndarray]
KINDS = pytest.mark.parametrize("in_tree", [tree_distances, tree_depths])


def load(sentences: ParsedSentences, in_tree: InTree) -> structural.Sentences:
    gold = [in_tree(sentences.heads_of(k)) for k in range(sentences.n_sentences)]
    return structural.load_sentences(sentences.vectors, np.array([1.0, 2.0]), sentences.starts, gold, "cpu")


def naive_loss(
    sentences: ParsedSentences, own: np.ndarray, layer: int, scale: float, in_tree: InTree
) -> float:
    """The mean over sentences of the formula's sums, word by word."""
    total = 0.0
    for sentence in range(sentences.n_sentences):
        gold = in_tree(sentences.heads_of(sentence))
        mapped = sentences.vectors_of(sentence, layer).astype(np.float64) / scale @ own
        for i, a in enumerate(mapped):
            if gold.ndim == 1:
                total += abs(gold[i] - a @ a) / len(gold)
            else:
                total += (
                    sum(abs(gold[i, j] - (a - b) @ (a - b)) for j, b in enumerate(mapped)) / len(gold) ** 2
                )
    return total / sentences.n_sentences


@KINDS
@pytest.mark.parametrize("max_entries", [1, 2**24])
def test_the_loss_is_the_formulas_however_batches_are_cut(
    in_tree: InTree, max_entries: int, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setattr(structural, "_MAX_ENTRIES", max_entries)
    sentences = planted_sentences(23, seed=0)
    maps = rng.normal(size=(2, 16, 5)) / 4
    layers = [structural.ProbeTraining(torch.tensor(own, dtype=torch.float32), 1e-3) for own in maps]
    losses = structural._mean_losses(load(sentences, in_tree), layers, [0, 1], batch_size=4)
    expected = [
        naive_loss(sentences, maps[layer], layer, scale, in_tree) for layer, scale in ((0, 1.0), (1, 2.0))
    ]
    assert losses == pytest.approx(expected, rel=1e-5)


@KINDS
def test_cut_batches_train_the_same_map(in_tree: InTree, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = load(planted_sentences(40, seed=0), in_tree)

    def train() -> list[structural.ProbeTraining]:
        return structural.train_maps(
            sentences, sentences, rank=4, epochs=3, batch_size=8, learning_rate=1e-2, patience=5, seed=0
        )

    whole = train()
    monkeypatch.setattr(structural, "_MAX_ENTRIES", 1)
    for one, other in zip(whole, train(), strict=True):
        assert one.best_map.numpy() == pytest.approx(other.best_map.numpy(), abs=1e-3)


def test_a_large_common_part_eats_no_digits(rng: np.random.Generator) -> None:
    points = torch.tensor(rng.integers(-3, 4, (1, 2, 6, 5)), dtype=torch.float32)
    expected = (points.unsqueeze(-2) - points.unsqueeze(-3)).square().sum(-1)
    found = structural._squared_distances(points + 2.0**18)
    assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-6)


def test_every_sentence_is_in_one_batch_of_an_epoch_and_batches_differ() -> None:
    sentences = load(planted_sentences(101, seed=0), tree_depths)
    rng = np.random.default_rng(0)
    first, second = ([*structural._shuffled_batches(sentences, 20, rng)] for _ in range(2))
    for batches in (first, second):
        assert sorted(np.concatenate(batches).tolist()) == list(range(101))
        assert max(map(len, batches)) == 20
    members = [{tuple(sorted(batch.tolist())) for batch in batches} for batches in (first, second)]
    assert members[0] != members[1]


def test_the_rate_falls_and_the_best_map_stays() -> None:
    layer = structural.ProbeTraining(torch.zeros(2, 1, requires_grad=True), rate=1.0)
    for epoch, loss in enumerate([3.0, 2.0, 2.5, float("nan")], start=1):
        with torch.no_grad():
            layer.map.fill_(epoch)
        layer.end_epoch(loss, patience=3)
    assert (layer.best_loss, layer.best_epoch, layer.converged) == (2.0, 2, False)
    assert layer.rate == pytest.approx(0.01)
    assert layer.best_map.tolist() == [[2.0], [2.0]]
    layer.end_epoch(2.0 - 5e-5, patience=3)  # no improvement to speak of
    assert (layer.converged, layer.n_epochs) == (True, 5)
