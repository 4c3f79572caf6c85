from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import spearmanr
from tests.measures.probing.tree_cases import planted_sentences

from tunescope._core.errors import InputError
from tunescope.measures.probing.dependency_trees import random_tree, tree_depths, tree_distances
from tunescope.measures.probing.parsed_sentences import ParsedSentences
from tunescope.measures.probing.structural_baselines import linear_chain_scores, random_tree_scores
from tunescope.measures.probing.structural_probe import StructuralProbe
from tunescope.measures.probing.structural_scores import (
    StructuralScores,
    estimate_scores,
    evaluate_structural_probe,
    structural_difference,
)
from tunescope.measures.probing.structural_sentences import SentenceScores, mean_spearman

NAMES = ("uuas", "dspr", "nspr", "root_accuracy")


@pytest.fixture(scope="module")
def test() -> ParsedSentences:
    return planted_sentences(80, seed=1, hidden=24, longest=14)


def probe(kind: str, maps: np.ndarray) -> StructuralProbe:
    n = len(maps)
    return StructuralProbe(kind, maps, 1, 1, np.zeros(n), np.ones(n, int), np.ones(n, bool))  # type: ignore[arg-type]


def random_probes(test: ParsedSentences, seed: int) -> tuple[StructuralProbe, StructuralProbe]:
    maps = np.random.default_rng(seed).normal(size=(len(test.vectors), test.vectors.shape[2], 5))
    return probe("distance", maps), probe("depth", maps)


def evaluate(test: ParsedSentences, seed: int = 0) -> StructuralScores:
    return evaluate_structural_probe(*random_probes(test, seed), test, rng=np.random.default_rng(0))


def values(scores: StructuralScores, layer: int = 0) -> list[float]:
    return [getattr(scores, name)[layer].value for name in NAMES]


def naive_edges(distances: np.ndarray, words: list[int]) -> set[tuple[int, int]]:
    """Prim's method: join the nearest word that is not yet in the tree."""
    inside, edges = {words[0]}, set()
    while len(inside) < len(words):
        i, j = min(
            ((i, j) for i in inside for j in words if j not in inside), key=lambda pair: distances[pair]
        )
        inside.add(j)
        edges.add((min(i, j), max(i, j)))
    return edges


def naive_values(
    distance: StructuralProbe, depth: StructuralProbe, test: ParsedSentences, layer: int
) -> list[float]:
    """The four scores as the paper words them."""
    right = total = roots = 0
    by_length: dict[int, tuple[list[float], list[float]]] = {}
    for sentence in range(test.n_sentences):
        heads, vectors = test.heads_of(sentence), test.vectors_of(sentence, layer).astype(np.float64)
        mapped = vectors @ distance.maps[layer]
        predicted = np.array([[np.sum((a - b) ** 2) for b in mapped] for a in mapped])
        depths = np.array([np.sum((vector @ depth.maps[layer]) ** 2) for vector in vectors])
        scored = [i for i, kept in enumerate(test.scored_of(sentence)) if kept]
        true = {
            (min(i, head - 1), max(i, head - 1))
            for i, head in enumerate(heads)
            if head and i in scored and head - 1 in scored
        }
        right += len(true & naive_edges(predicted, scored))
        total += len(true)
        roots += heads[min(scored, key=lambda i: depths[i])] == 0
        if 5 <= len(heads) <= 50:
            distances, norms = by_length.setdefault(len(heads), ([], []))
            rows = zip(predicted, tree_distances(heads), strict=True)
            distances.append(float(np.mean([spearmanr(a, b).statistic for a, b in rows])))
            norms.append(spearmanr(depths, tree_depths(heads)).statistic)
    dspr, nspr = (float(np.mean([np.mean(own[k]) for own in by_length.values()])) for k in (0, 1))
    return [right / total, dspr, nspr, roots / test.n_sentences]


def test_the_scores_follow_their_definitions(test: ParsedSentences) -> None:
    distance, depth = random_probes(test, 0)
    scores = evaluate(test)
    for layer in (0, 1):
        assert values(scores, layer) == pytest.approx(naive_values(distance, depth, test, layer))


def test_estimates_rest_on_edges_and_sentences(test: ParsedSentences) -> None:
    scores = evaluate(test)
    assert scores.sentences is not None
    assert scores.uuas[0].n_examples == scores.sentences.n_edges.sum()
    assert scores.dspr[0].n_examples == scores.nspr[0].n_sentences == np.sum(test.lengths >= 5)
    assert scores.root_accuracy[0].n_examples == test.n_sentences
    for name in NAMES:
        estimate = getattr(scores, name)[0]
        assert estimate.low < estimate.value < estimate.high
        assert estimate.status == "ok"


def test_mean_spearman_is_scipys_row_by_row(rng: np.random.Generator) -> None:
    predicted = [rng.integers(0, 4, (3, n)).astype(float) for n in (6, 9, 6, 4)]
    true = [rng.integers(0, 4, rows.shape) for rows in predicted]
    expected = [
        np.mean([spearmanr(a, b).statistic for a, b in zip(x, y, strict=True)])
        for x, y in zip(predicted, true, strict=True)
    ]
    assert mean_spearman(predicted, true) == pytest.approx(expected)


def test_constant_predictions_have_no_correlation() -> None:
    assert math.isnan(mean_spearman([np.ones((4, 4))], [np.arange(16).reshape(4, 4)])[0])
    assert math.isnan(mean_spearman([np.zeros((1, 1))], [np.zeros((1, 1), dtype=int)])[0])


def test_the_same_seed_gives_the_same_intervals(test: ParsedSentences) -> None:
    assert evaluate(test).uuas == evaluate(test).uuas
    assert evaluate(test).nspr == evaluate(test).nspr


def test_a_difference_is_paired(test: ParsedSentences) -> None:
    before, after = evaluate(test, seed=0), evaluate(test, seed=1)
    assert before.sentences is not None
    assert after.sentences is not None
    rng = np.random.default_rng
    difference = structural_difference(before.sentences, after.sentences, rng=rng(0))
    back = structural_difference(after.sentences, before.sentences, rng=rng(0))
    for layer in (0, 1):
        gain = np.subtract(values(after, layer), values(before, layer))
        assert values(difference, layer) == pytest.approx(gain)
        assert values(back, layer) == pytest.approx(-gain)
    nothing = structural_difference(before.sentences, before.sentences, rng=rng(0))
    assert values(nothing) == [0, 0, 0, 0]
    for name in NAMES:  # successes leave uncertainty where all sentences agree, correlations do not
        found = getattr(nothing, name)[0]
        assert (
            found.low < 0 < found.high if name in ("uuas", "root_accuracy") else found.low == 0 == found.high
        )
    assert difference.sentences is None


def test_a_small_change_of_all_sentences_is_told_apart(test: ParsedSentences) -> None:
    before = evaluate(test)
    assert before.sentences is not None
    gain = np.full_like(before.sentences.distance_spearman, 0.02)
    after = replace(before.sentences, distance_spearman=before.sentences.distance_spearman + gain)
    paired = structural_difference(before.sentences, after, rng=np.random.default_rng(0)).dspr[0]
    assert paired.value == pytest.approx(0.02)
    assert 0.01 < paired.low <= paired.value <= paired.high < 0.03
    assert before.dspr[0].high - before.dspr[0].low > 0.04


def test_differences_need_the_same_sentences_and_layers(test: ParsedSentences) -> None:
    scores = evaluate(test).sentences
    assert scores is not None
    rng = np.random.default_rng(0)
    for name in ("lengths", "n_edges", "sentence_ids"):
        other = replace(scores, **{name: getattr(scores, name)[::-1]})
        with pytest.raises(InputError, match="different sentences"):
            structural_difference(scores, other, rng=rng)
    with pytest.raises(InputError, match="different numbers of layers"):
        structural_difference(scores, replace(scores, recovered=scores.recovered[:1]), rng=rng)


def test_probes_of_other_layers_are_refused(test: ParsedSentences) -> None:
    distance, depth = random_probes(test, 0)
    for pair in ((probe("distance", distance.maps[:1]), depth), (distance, probe("depth", depth.maps[:1]))):
        with pytest.raises(InputError, match="fitted on another number of layers"):
            evaluate_structural_probe(*pair, test, rng=np.random.default_rng(0))


def test_the_resampling_must_make_sense(test: ParsedSentences) -> None:
    scores = evaluate(test).sentences
    assert scores is not None
    for options in ({"n_resamples": 5}, {"level": 1.0}):
        with pytest.raises(InputError):
            estimate_scores(scores, **options, rng=np.random.default_rng(0))


def short_sentences(lengths: list[int], *, scored: bool = True) -> ParsedSentences:
    rng = np.random.default_rng(0)
    heads = np.concatenate([random_tree(n, rng) for n in lengths])
    return ParsedSentences(
        rng.normal(size=(1, len(heads), 4)), heads, np.array(lengths), np.full(len(heads), scored)
    )


def test_without_sentences_of_5_to_50_words_there_is_no_correlation() -> None:
    scores = evaluate(short_sentences([4, 3, 51, 2, 4, 1]))
    for estimate in (scores.dspr[0], scores.nspr[0]):
        assert math.isnan(estimate.value)
        assert not estimate.has_interval
        assert "no sentence of 5 to 50 words" in estimate.status
    assert math.isfinite(scores.uuas[0].value)


def test_single_words_have_a_root_and_no_edge() -> None:
    scores = evaluate(short_sentences([1, 1, 1]))
    assert scores.root_accuracy[0].value == 1
    assert math.isnan(scores.uuas[0].value)
    assert "no tree has an edge" in scores.uuas[0].status


def test_a_sentence_of_punctuation_has_no_edge_and_all_its_words_may_be_the_root() -> None:
    test = short_sentences([6] * 30, scored=False)
    assert math.isnan(evaluate(test).uuas[0].value)
    expected = random_tree_scores(test, rng=np.random.default_rng(0)).root_accuracy[0].value
    assert expected == pytest.approx(1 / 6)
    assert 0 < evaluate(test).root_accuracy[0].value < 0.5


def test_a_sentence_of_equal_words_is_left_out_of_the_correlations() -> None:
    test = short_sentences([6] * 8)
    vectors = test.vectors.copy()
    vectors[:, :6] = 1
    scores = evaluate(replace(test, vectors=vectors))
    assert (scores.dspr[0].n_sentences, scores.uuas[0].n_sentences) == (7, 8)
    equal = evaluate(replace(test, vectors=np.ones_like(vectors)))
    assert math.isnan(equal.dspr[0].value)
    assert math.isnan(equal.nspr[0].value)
    assert equal.dspr[0].status != "ok"


def test_sentences_that_share_an_id_are_resampled_together(test: ParsedSentences) -> None:
    scores = evaluate(replace(test, sentence_ids=np.arange(test.n_sentences) // 4))
    assert scores.root_accuracy[0].n_sentences == test.n_sentences // 4


def test_the_linear_chain(test: ParsedSentences) -> None:
    """Words next to each other but for punctuation are joined; the first word is the root."""
    scores = linear_chain_scores(test, rng=np.random.default_rng(0))
    right = total = roots = 0
    for sentence in range(test.n_sentences):
        heads, scored = test.heads_of(sentence), np.flatnonzero(test.scored_of(sentence))
        for i, j in pairwise(scored):
            right += heads[i] == j + 1 or heads[j] == i + 1
        total += sum(head > 0 and i in scored and head - 1 in scored for i, head in enumerate(heads))
        roots += heads[scored[0]] == 0
    assert scores.uuas[0].value == pytest.approx(right / total)
    assert scores.root_accuracy[0].value == pytest.approx(roots / test.n_sentences)


def test_the_random_tree_is_what_random_trees_score_on_average(test: ParsedSentences) -> None:
    """Draw trees over the scored words, and count."""
    scores = random_tree_scores(test, rng=np.random.default_rng(0))
    rng = np.random.default_rng(1)
    right = total = roots = 0
    for sentence in list(range(test.n_sentences)) * 40:
        heads, scored = test.heads_of(sentence), np.flatnonzero(test.scored_of(sentence))
        drawn = random_tree(len(scored), rng)
        pairs = {frozenset((scored[i], scored[head - 1])) for i, head in enumerate(drawn) if head}
        true = {
            frozenset((i, head - 1)) for i, head in enumerate(heads) if head and {i, head - 1} <= {*scored}
        }
        right, total = right + len(pairs & true), total + len(true)
        roots += heads[scored[np.argmin(drawn)]] == 0
    assert scores.uuas[0].value == pytest.approx(right / total, abs=0.01)
    assert scores.root_accuracy[0].value == pytest.approx(roots / (40 * test.n_sentences), abs=0.02)
    assert scores.nspr[0].value == pytest.approx(0, abs=0.1)
    assert scores.dspr[0].value > 0.1  # each word is at distance 0 from itself


def test_random_trees_must_be_drawn(test: ParsedSentences) -> None:
    with pytest.raises(InputError, match="n_draws is too small"):
        random_tree_scores(test, n_draws=0, rng=np.random.default_rng(0))


def test_the_scores_of_a_sentence_stand_in_its_place(test: ParsedSentences) -> None:
    scores = evaluate(test).sentences
    assert isinstance(scores, SentenceScores)
    first = replace(
        test,
        vectors=test.vectors[:, : test.lengths[0]],
        heads=test.heads_of(0),
        scored=test.scored_of(0),
        lengths=test.lengths[:1],
    )
    alone = evaluate(first).sentences
    assert alone is not None
    for name in ("recovered", "distance_spearman", "depth_spearman", "root_found"):
        assert getattr(alone, name)[:, 0] == pytest.approx(getattr(scores, name)[:, 0], nan_ok=True)
