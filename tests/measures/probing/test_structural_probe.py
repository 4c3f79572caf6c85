from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.measures.probing.tree_cases import chain, planted_sentences

from tunescope._core.errors import InputError, ModelError
from tunescope.measures.probing.dependency_trees import tree_depths, tree_distances, tree_edges
from tunescope.measures.probing.parsed_sentences import ParsedSentences
from tunescope.measures.probing.structural_baselines import linear_chain_scores, random_tree_scores
from tunescope.measures.probing.structural_probe import (
    StructuralProbe,
    StructuralProbeKind,
    fit_structural_probe,
    reconstructed_tree,
)
from tunescope.measures.probing.structural_scores import StructuralScores, evaluate_structural_probe

RATE = 1e-2  # for few sentences; the default is for thousands
KINDS = pytest.mark.parametrize("kind", ["distance", "depth"])


@pytest.fixture(scope="module")
def train() -> ParsedSentences:
    return planted_sentences(800, seed=0)


@pytest.fixture(scope="module")
def test() -> ParsedSentences:
    return planted_sentences(150, seed=1)


@pytest.fixture(scope="module")
def probes(train: ParsedSentences) -> tuple[StructuralProbe, StructuralProbe]:
    return fit_both(train)


def fit_both(train: ParsedSentences) -> tuple[StructuralProbe, StructuralProbe]:
    def fit(kind: StructuralProbeKind) -> StructuralProbe:
        return fit_structural_probe(train, kind=kind, learning_rate=RATE, epochs=60, seed=0)

    return fit("distance"), fit("depth")


def scores_of(probes: tuple[StructuralProbe, StructuralProbe], test: ParsedSentences) -> StructuralScores:
    return evaluate_structural_probe(*probes, test, rng=np.random.default_rng(0))


def values(scores: StructuralScores, layer: int) -> np.ndarray:
    names = ("uuas", "dspr", "nspr", "root_accuracy")
    return np.array([getattr(scores, name)[layer].value for name in names])


def only_layer(sentences: ParsedSentences, layer: int) -> ParsedSentences:
    return replace(sentences, vectors=sentences.vectors[layer : layer + 1])


def test_planted_trees_are_found(
    probes: tuple[StructuralProbe, StructuralProbe], test: ParsedSentences
) -> None:
    """Ties of distances in the tree are broken in the prediction, so that the correlations stay below 1."""
    uuas, dspr, nspr, root_accuracy = values(scores_of(probes, test), layer=0)
    assert min(uuas, root_accuracy) >= 0.99
    assert min(dspr, nspr) >= 0.95
    distance, depth = probes
    trees: list[bool] = []
    distances: list[bool] = []
    depths: list[bool] = []
    for sentence in range(test.n_sentences):
        heads, vectors = test.heads_of(sentence), test.vectors_of(sentence, layer=0)
        trees.append(np.array_equal(reconstructed_tree(distance, vectors, 0), tree_edges(heads)))
        right = np.rint(distance.predict_distances(vectors, 0)) == tree_distances(heads)
        distances += right.ravel().tolist()
        depths += (np.rint(depth.predict_depths(vectors, 0)) == tree_depths(heads)).tolist()
    assert min(np.mean(trees), np.mean(distances), np.mean(depths)) >= 0.95


def test_planted_trees_of_few_ties_are_ranked_right() -> None:
    train, test = (
        planted_sentences(n, seed=seed, hidden=32, longest=20, shape=chain)
        for n, seed in ((500, 0), (100, 1))
    )
    fitted = fit_both(only_layer(train, 0))
    assert values(scores_of(fitted, only_layer(test, 0)), layer=0).min() >= 0.99


def test_correlations_of_exact_predictions_are_perfect(test: ParsedSentences) -> None:
    """A map of zeros and ones on vectors of zeros and ones leaves no rounding to break ties."""
    whole = replace(test, vectors=np.rint(unturned(test.vectors[:1])))
    fit = {"n_train": 1, "n_dev": 1, "dev_loss": np.zeros(1), "n_epochs": np.ones(1, int)}
    maps = np.eye(16)[None, :, :8]
    exact = (
        StructuralProbe(kind=kind, maps=maps, converged=np.ones(1, bool), **fit)
        for kind in ("distance", "depth")
    )
    assert values(scores_of((next(exact), next(exact)), whole), layer=0) == pytest.approx(np.ones(4))


def unturned(vectors: np.ndarray) -> np.ndarray:
    return vectors @ np.linalg.qr(np.random.default_rng(99).normal(size=(16, 16)))[0].T


def test_noise_scores_like_a_random_tree(
    probes: tuple[StructuralProbe, StructuralProbe], test: ParsedSentences
) -> None:
    """UUAS and the root do. Correlations of distances with oneself are never 0, but those of depths may be."""
    uuas, _, nspr, root_accuracy = values(scores_of(probes, test), layer=1)
    expected = values(random_tree_scores(test, rng=np.random.default_rng(0)), layer=0)
    assert [uuas, nspr, root_accuracy] == pytest.approx(expected[[0, 2, 3]], abs=0.1)


def test_turning_and_scaling_the_vectors_changes_little(
    probes: tuple[StructuralProbe, StructuralProbe],
    train: ParsedSentences,
    test: ParsedSentences,
    rng: np.random.Generator,
) -> None:
    turn = 1000 * np.linalg.qr(rng.normal(size=(16, 16)))[0]
    turned = fit_both(replace(only_layer(train, 0), vectors=train.vectors[:1] @ turn))
    moved = replace(only_layer(test, 0), vectors=test.vectors[:1] @ turn)
    there, back = values(scores_of(turned, moved), layer=0), values(scores_of(probes, test), layer=0)
    assert there == pytest.approx(back, abs=0.02)


@KINDS
def test_the_unit_of_the_vectors_does_not_matter(kind: StructuralProbeKind, train: ParsedSentences) -> None:
    small = replace(train, vectors=train.vectors / 1024)
    first, second = (
        fit_structural_probe(sentences, kind=kind, epochs=3, seed=0) for sentences in (train, small)
    )
    assert second.maps == pytest.approx(1024 * first.maps, rel=1e-6)


def test_distances_do_not_depend_on_the_origin(
    probes: tuple[StructuralProbe, StructuralProbe], train: ParsedSentences
) -> None:
    moved = replace(train, vectors=train.vectors + 100)
    probe = fit_structural_probe(moved, learning_rate=RATE, seed=0)
    assert probe.dev_loss[0] == pytest.approx(probes[0].dev_loss[0], abs=0.02)


@KINDS
def test_the_same_seed_gives_the_same_probe(kind: StructuralProbeKind, train: ParsedSentences) -> None:
    first, again, other = (fit_structural_probe(train, kind=kind, epochs=3, seed=s) for s in (0, 0, 1))
    assert np.array_equal(first.maps, again.maps)
    assert np.array_equal(first.dev_loss, again.dev_loss)
    assert not np.array_equal(first.maps, other.maps)


@KINDS
def test_a_layer_does_not_depend_on_the_others(kind: StructuralProbeKind, train: ParsedSentences) -> None:
    together = fit_structural_probe(train, kind=kind, learning_rate=RATE, seed=0)
    for layer in (0, 1):
        alone = fit_structural_probe(only_layer(train, layer), kind=kind, learning_rate=RATE, seed=0)
        assert alone.maps[0] == pytest.approx(together.maps[layer], abs=1e-3)
        assert alone.n_epochs[0] == together.n_epochs[layer]


@KINDS
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_all_precisions_work(kind: StructuralProbeKind, dtype: type, train: ParsedSentences) -> None:
    sentences = replace(train, vectors=train.vectors.astype(dtype))
    probe = fit_structural_probe(sentences, kind=kind, learning_rate=RATE, seed=0)
    assert probe.dev_loss[0] < 0.1


def test_held_out_sentences_are_a_tenth_or_those_given(train: ParsedSentences, test: ParsedSentences) -> None:
    drawn = fit_structural_probe(train, epochs=1, seed=0)
    given = fit_structural_probe(train, dev=test, epochs=1, seed=0)
    assert (drawn.n_train, drawn.n_dev, given.n_train, given.n_dev) == (720, 80, 800, 150)


def test_the_rank_is_the_hidden_size_up_to_64(train: ParsedSentences, rng: np.random.Generator) -> None:
    wide = replace(train, vectors=rng.normal(size=(1, train.vectors.shape[1], 70)))
    assert fit_structural_probe(train, epochs=1, seed=0).maps.shape == (2, 16, 16)
    assert fit_structural_probe(wide, epochs=1, seed=0).maps.shape == (1, 70, 64)
    assert fit_structural_probe(train, epochs=1, rank=3, seed=0).maps.shape == (2, 16, 3)


def test_what_does_not_converge_says_so(
    train: ParsedSentences, probes: tuple[StructuralProbe, StructuralProbe]
) -> None:
    assert (
        fit_structural_probe(train, epochs=2, seed=0).status
        == ("the loss had not settled within 2 epochs",) * 2
    )
    assert probes[0].status == ("ok", "ok")


@KINDS
def test_sentences_of_one_word_and_equal_vectors_can_be_fitted(kind: StructuralProbeKind) -> None:
    single = ParsedSentences(np.ones((1, 6, 4)), np.zeros(6, int), np.ones(6, int), np.ones(6, bool))
    probe = fit_structural_probe(single, kind=kind, seed=0)
    assert probe.dev_loss[0] == pytest.approx(0, abs=1e-6)
    if kind == "distance":
        assert reconstructed_tree(probe, np.ones((1, 4)), 0).shape == (0, 2)


def test_settings_out_of_range(train: ParsedSentences) -> None:
    with pytest.raises(InputError, match="kind is unknown"):
        fit_structural_probe(train, kind="width", seed=0)  # type: ignore[arg-type]
    for rank in (0, 17):
        with pytest.raises(InputError, match="rank is out of range"):
            fit_structural_probe(train, rank=rank, seed=0)
    for name in ("epochs", "batch_size", "learning_rate", "patience"):
        with pytest.raises(InputError, match=f"{name} is out of range"):
            fit_structural_probe(train, **{name: 0}, seed=0)
    with pytest.raises(ModelError, match="no such device"):
        fit_structural_probe(train, device="abacus", seed=0)


def test_a_single_sentence_leaves_none_to_hold_out() -> None:
    one = planted_sentences(1, seed=0)
    with pytest.raises(InputError, match="no sentence to hold out"):
        fit_structural_probe(one, seed=0)
    assert fit_structural_probe(one, dev=one, epochs=2, seed=0).n_dev == 1


def test_other_layers_in_dev_are_refused(train: ParsedSentences) -> None:
    with pytest.raises(InputError, match="other layers or hidden sizes"):
        fit_structural_probe(train, dev=only_layer(train, 0), seed=0)


def test_a_loss_that_is_not_finite_is_refused(train: ParsedSentences) -> None:
    with pytest.raises(InputError, match="The loss is not finite") as caught:
        fit_structural_probe(train, learning_rate=1e30, seed=0)
    assert "lower learning_rate" in str(caught.value)


def test_vectors_too_large_to_be_squared_are_refused(train: ParsedSentences) -> None:
    with pytest.raises(InputError, match="too large to be squared"):
        fit_structural_probe(replace(train, vectors=train.vectors.astype(np.float64) * 1e200), seed=0)


def test_predictions_need_a_fitting_probe(
    probes: tuple[StructuralProbe, StructuralProbe], test: ParsedSentences
) -> None:
    distance, depth = probes
    vectors = test.vectors_of(0, layer=0)
    for predict in (distance.predict_depths, depth.predict_distances):
        with pytest.raises(InputError, match="does not fit what it is to predict"):
            predict(vectors, 0)
    for layer, rows in ((2, vectors), (-1, vectors), (0, vectors[:, :5])):
        with pytest.raises(InputError, match="does not fit what it is to predict"):
            reconstructed_tree(distance, rows, layer)


@pytest.mark.slow
def test_a_real_model_knows_more_syntax_in_its_middle_layers(
    minilm: Path, shared_data: Callable[[str], Path]
) -> None:
    train, test = (
        real_sentences(minilm, f"{shared_data(f'ud/EWT-r2.16/en_ewt-ud-{split}.conllu')}[:{n}]")
        for split, n in (("train", 500), ("test", 250))
    )
    distance, depth = (fit_structural_probe(train, kind=kind, seed=0) for kind in ("distance", "depth"))
    scores = evaluate_structural_probe(distance, depth, test, rng=np.random.default_rng(0))
    chain = linear_chain_scores(test, rng=np.random.default_rng(0))
    for layer in (1, 2):  # the third and the fourth of the model
        assert scores.uuas[layer].low > max(scores.uuas[0].high, chain.uuas[0].high)
        assert scores.root_accuracy[layer].low > chain.root_accuracy[0].high
        assert scores.nspr[layer].low > max(scores.nspr[0].value, chain.nspr[0].high)


def real_sentences(model: Path, path: str) -> ParsedSentences:
    from tunescope.models.encoder import load_encoder
    from tunescope.representations.writing import write_representations
    from tunescope.tasks.dependency_trees_reader import read_trees
    from tunescope.tasks.example import TargetKind

    text = read_trees(path)
    with tempfile.TemporaryDirectory() as folder:
        found = write_representations(
            load_encoder(model, device="cpu"),
            text.examples,
            TargetKind.TOKEN,
            Path(folder),
            task="trees",
            split="any",
            layers=(0, 2, 3),
        )
        vectors = np.stack([found.layer(layer) for layer in found.info.layers])
    return ParsedSentences(vectors, text.heads, text.lengths, text.scored)
