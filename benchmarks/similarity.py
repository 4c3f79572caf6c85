"""CKA of all pairs of layers against numpy's Gram matrices pair by pair, and RSA against rsatoolbox, each in one run.

The layers are random, of the sizes that the titles say: neither side's time depends on the values. What takes long on
the other side is timed on a few pairs or layers between our own runs, and scaled. rsatoolbox is no dependency: pip
install rsatoolbox, preferably into an environment of its own. Without it, scipy's distances stand in, which are slower.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any, TypeVar

import numpy as np
from scipy.spatial.distance import pdist
from scipy.stats import rankdata

from tunescope._core.threads import number_of_threads
from tunescope.measures.similarity.cka_map import cka_map
from tunescope.measures.similarity.rsa import rsa

T = TypeVar("T")

_N_EXAMPLES = 4000
_ROUNDS = 3


def layers(n_layers: int, hidden: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the layers of two related models, in each of which a layer is related to the one before."""
    rng = np.random.default_rng(0)
    size = (_N_EXAMPLES, hidden)
    xs = [rng.normal(size=size)]
    for _ in range(n_layers - 1):
        xs.append(xs[-1] + 0.5 * rng.normal(size=size))
    return xs, [x + rng.normal(size=size) for x in xs]


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def _cka_by_gram_matrices(x: np.ndarray, y: np.ndarray) -> float:
    """Return the debiased CKA by the formula of Song et al. (2012), equation 5."""
    n = len(x)

    def gram(vectors: np.ndarray) -> np.ndarray:
        centred = vectors - vectors.mean(axis=0)
        found: np.ndarray = centred @ centred.T
        np.fill_diagonal(found, 0)
        return found

    def hsic(first: np.ndarray, second: np.ndarray) -> float:
        rows = first.sum(axis=1), second.sum(axis=1)
        total = np.vdot(first, second) + rows[0].sum() * rows[1].sum() / ((n - 1) * (n - 2))
        return float(total - 2 / (n - 2) * rows[0] @ rows[1])

    k, m = gram(x), gram(y)
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


def maps(n_layers: int = 13, hidden: int = 768) -> None:
    """Print how long all pairs of layers take, against a pair at a time, and the share of the library's rate."""
    xs, ys = layers(n_layers, hidden)
    n_pairs, product = n_layers**2, np.empty((_N_EXAMPLES, _N_EXAMPLES))
    multiply = partial(np.matmul, xs[0], ys[0].T, out=product)
    mine, theirs, multiplying, difference = [], [], [], 0.0
    print(
        f"CKA, {n_layers} × {n_layers} layers, {_N_EXAMPLES:,} × {hidden}, {number_of_threads(None)} threads:"
        f" numpy's time is that of a pair × {n_pairs}",
        flush=True,
    )
    for turn in range(_ROUNDS):
        multiplying += [_timed(multiply)[1] for _ in range(3)]
        found, seconds = _timed(partial(cka_map, xs, ys))
        mine.append(seconds)
        multiplying += [_timed(multiply)[1] for _ in range(3)]
        for i, j in ((0, turn), (n_layers - 1 - turn, turn)):
            figure, seconds = _timed(partial(_cka_by_gram_matrices, xs[i], ys[j]))
            theirs.append(seconds * n_pairs)
            difference = max(difference, abs(figure - found[i, j]))
        print(f"  round {turn + 1}: numpy {theirs[-1]:.0f} s, cka_map {mine[-1]:.1f} s", flush=True)
    # The least that Gram matrices take: the upper half of one for each layer, and inner products of them.
    operations = _N_EXAMPLES**2 * (2 * n_layers * hidden + n_pairs)
    rate = 2 * _N_EXAMPLES**2 * hidden / statistics.median(multiplying)
    share = operations / statistics.median(mine) / rate
    print(
        f"  medians: {statistics.median(theirs) / statistics.median(mine):.1f} ×; dgemm {rate / 1e9:.0f} GFLOP/s, of"
        f" which {share:.0%} is reached; largest difference of a value {difference:.1e}",
        flush=True,
    )


def _rsatoolbox(similarity: str, compare: str) -> Callable[[np.ndarray, np.ndarray], float]:
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm
    from rsatoolbox.rdm import compare as compare_rdms

    method = {"pearson": "corr", "spearman": "spearman"}[compare]

    def measure(x: np.ndarray, y: np.ndarray) -> float:
        found: Any = compare_rdms(
            *(calc_rdm(Dataset(each), method=similarity) for each in (x, y)), method=method
        )
        return float(np.ravel(found)[0])

    return measure


def _scipy(similarity: str, compare: str) -> Callable[[np.ndarray, np.ndarray], float]:
    metric = {"correlation": "correlation", "euclidean": "sqeuclidean"}[similarity]  # as rsatoolbox squares

    def measure(x: np.ndarray, y: np.ndarray) -> float:
        pairs = [pdist(each, metric) for each in (x, y)]
        return float(np.corrcoef(*(map(rankdata, pairs) if compare == "spearman" else pairs))[0, 1])

    return measure


def similarities(n_layers: int = 7, hidden: int = 384) -> None:
    """Print how long RSA of a model's layers with those of another takes, here and elsewhere."""
    xs, ys = layers(n_layers, hidden)
    other = "rsatoolbox" if find_spec("rsatoolbox") else "scipy, a stand-in for rsatoolbox,"
    print(f"RSA, {n_layers} layers of two models, {_N_EXAMPLES:,} × {hidden}", flush=True)
    for similarity, compare in (
        ("correlation", "pearson"),
        ("correlation", "spearman"),
        ("euclidean", "pearson"),
        ("euclidean", "spearman"),
    ):
        reference = (_rsatoolbox if other == "rsatoolbox" else _scipy)(similarity, compare)
        options: Any = {"similarity": similarity, "compare": compare}
        mine, theirs, default, difference = 0.0, 0.0, 0.0, 0.0
        for x, y in zip(xs, ys, strict=True):
            figure, seconds = _timed(partial(rsa, x, y, **options))
            mine += seconds
            expected, seconds = _timed(partial(reference, x, y))
            theirs += seconds
            default += _timed(partial(rsa, x, y))[1]
            difference = max(difference, abs(figure - expected))
        squared = ", which squares distances" if similarity == "euclidean" and compare == "pearson" else ""
        print(
            f"  {similarity}, {compare}: {other} {theirs:.1f} s, here {mine:.1f} s, {theirs / mine:.1f} ×; largest"
            f" difference {difference:.1e}{squared}; our default of cosines {default:.1f} s",
            flush=True,
        )


def main(parts: list[str]) -> None:
    """Print the times of maps and of RSA."""
    if "maps" in parts:
        maps()
    if "rsa" in parts:
        similarities()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = ["maps", "rsa"]
    parser.add_argument("--part", action="append", choices=known, help="what to print; all by default")
    main(parser.parse_args().part or known)
