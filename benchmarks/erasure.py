"""Erasing a property from vectors on purpose: one direction, what a linear probe reads, or all linear traces of it.

What became of it is told by probes trained anew, and what became of a property that was not touched: the place of a
word in its sentence. A word's properties are those of the built-in treebank.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
from planted_encoders import Corpus

from tunescope.measures.probing.forgetting import Forgetting, forgetting
from tunescope.measures.probing.linear_probe import fit_linear_probe

__all__ = ["print_forgetting"]

Eraser = Callable[[np.ndarray], np.ndarray]
"""Takes vectors of any examples, and returns them without the property."""

_DEAD = 1e-6
_MAX_ROUNDS = 60
_LEFT = 0.02
"""Share of the classes' variance that a last least-squares probe may explain."""


def _remove(x: np.ndarray, into: np.ndarray, out_of: np.ndarray) -> Eraser:
    """Return what takes (v − mean) @ into @ out_of from each vector v.

    Columns that hardly vary (MiniLM's top layer has some of 1e-32) become zero: what rounding leaves in them, a probe
    that standardises would blow up, and read the property from it.
    """
    mean, spread = x.mean(axis=0), x.std(axis=0)
    varies = spread > _DEAD * spread.max()
    return lambda vectors: (vectors - (vectors - mean) @ into @ out_of) * varies


def _project_out(x: np.ndarray, directions: np.ndarray) -> Eraser:
    """Return what removes directions from vectors; ``directions`` is (hidden, direction)."""
    basis = np.linalg.qr(directions)[0]
    return _remove(x, basis, basis.T)


def remove_direction(x: np.ndarray, y: np.ndarray) -> Eraser:
    """Remove the one direction from the mean of the first class to that of the second, orthogonally."""
    return _project_out(x, (x[y == 1].mean(axis=0) - x[y == 0].mean(axis=0))[:, None])


def remove_probe(x: np.ndarray, y: np.ndarray) -> Eraser:
    """Project out the whole subspace that a linear probe by least squares reads, and what the next one reads, …

    Iterated nullspace projection (Ravfogel et al. 2020), until a probe explains next to nothing.
    """
    classes = _one_hot(y)
    directions = np.empty((x.shape[1], 0))
    rest = x - x.mean(axis=0)
    for _ in range(_MAX_ROUNDS):
        gram = rest.T @ rest
        gram[np.diag_indices_from(gram)] += 1e-3 * np.trace(gram) / len(gram)
        weights = np.linalg.solve(gram, rest.T @ classes)
        if 1 - np.square(classes - rest @ weights).sum() / np.square(classes).sum() < _LEFT:
            break
        directions = np.concatenate([directions, weights[:, 1:]], axis=1)  # those of the classes sum to zero
        rest = _project_out(x, directions)(x) - x.mean(axis=0)
    return _project_out(x, directions)


def remove_all_linear(x: np.ndarray, y: np.ndarray) -> Eraser:
    """Change the vectors as little as possible so that no linear probe can read the classes.

    Least-squares concept erasure, r(x) = x − W⁺PW(x − E x) with W = Σ^(−1/2) and P on the columns of W Cov(x, y)
    (Belrose et al. 2023, theorem 4.3).
    """
    rows = x - x.mean(axis=0)
    values, axes = np.linalg.eigh(rows.T @ rows / len(rows))
    usable = values > 1e-9 * values[-1]
    values, axes = values[usable], axes[:, usable]
    white, back = axes / np.sqrt(values) @ axes.T, axes * np.sqrt(values) @ axes.T
    basis, sizes, _ = np.linalg.svd(white @ rows.T @ _one_hot(y), full_matrices=False)
    basis = basis[:, sizes > 1e-6 * sizes[0]]
    return _remove(x, white @ basis, basis.T @ back)


def _one_hot(y: np.ndarray) -> np.ndarray:
    classes = np.eye(int(y.max()) + 1)[y]
    return classes - classes.mean(axis=0)


_ERASED: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray], Eraser]]] = {
    "one direction": ("noun", remove_direction),
    "one direction of another": ("verb", remove_direction),
    "a probe's subspace": ("noun or verb", remove_probe),
    "all linear traces": ("noun or verb", remove_all_linear),
}
_UNTOUCHED = "late in the sentence"
_N_TRAIN, _N_TEST = 600, 400
_MAX_TRAIN = 3000


class Readings:
    """Trains probes on some sentences, and tells from others what became of a property."""

    def __init__(self, corpus: Corpus, n_layers: int) -> None:
        self.train = corpus.sentences < _N_TRAIN
        self.test = (corpus.sentences >= _N_TRAIN) & (corpus.sentences < _N_TRAIN + _N_TEST)
        self.sentences = corpus.sentences[self.test]
        self.n_layers = n_layers
        self.properties = {
            "noun": (corpus.tags == "NOUN").astype(int),
            "verb": (corpus.tags == "VERB").astype(int),
            "noun or verb": np.select([corpus.tags == "NOUN", corpus.tags == "VERB"], [0, 1], 2),
            _UNTOUCHED: (corpus.places >= 0.5).astype(int),
        }

    def read(self, vectors: np.ndarray, name: str) -> np.ndarray:
        labels = self.properties[name][self.train]
        probe = fit_linear_probe(vectors[self.train], labels, max_train=_MAX_TRAIN, seed=0)
        return probe.predict(vectors[self.test])

    def told(self, before: np.ndarray, after: np.ndarray, name: str) -> Forgetting:
        labels = self.properties[name]
        most_frequent = np.bincount(labels[self.train]).argmax()
        gold = labels[self.test]
        return forgetting(
            gold,
            before,
            after,
            np.full(len(gold), most_frequent),
            self.sentences,
            n_comparisons=self.n_layers,
            rng=np.random.default_rng(0),
        )


def print_forgetting(corpus: Corpus, vectors: np.ndarray) -> None:
    """Print what became of erased and of untouched properties, for each way to erase, over all layers after 0."""
    layers = range(1, len(vectors))
    readings = Readings(corpus, len(layers))
    counts: dict[tuple[str, str], Counter[str]] = {}
    texts = {}
    for layer in layers:
        rows = vectors[layer].astype(np.float64)
        before = {name: readings.read(rows, name) for name in readings.properties}
        for way, (erased, remove) in _ERASED.items():
            train = readings.train
            after = remove(rows[train], readings.properties[erased][train])(rows)
            for name in (erased, _UNTOUCHED):
                found = readings.told(before[name], readings.read(after, name), name)
                counts.setdefault((way, name), Counter())[found.verdict] += 1
                texts[way, name] = found.text
    n_train, n_test = int(readings.train.sum()), int(readings.test.sum())
    print(
        f"\nerased on purpose, verdicts over {len(layers)} layers; probes trained on {_MAX_TRAIN:,} of {n_train:,}"
        f" words, tested on {n_test:,}:"
    )
    for (way, name), verdicts in counts.items():
        erased = "untouched" if name == _UNTOUCHED else "erased"
        told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
        print(f"  {way:25} {name:21} {erased:10} {told:20} top layer: {texts[way, name]}")
