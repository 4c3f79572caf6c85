"""DirectProbe: seconds by stage, peak memory, proofs; beside a Gram matrix, the eager reference, and real vectors.

Every case runs in a process of its own, on 2 threads. Imports and compilation are not in the seconds; the peak memory
has them, so that the baseline, all that was there before the first run, stands beside it. The seconds are those of the
fastest of the rounds. ``--quick`` takes the small cases alone; ``--layer-0`` adds MiniLM's embeddings, whose labels
conflict most.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from tunescope._core.errors import TunescopeError
from tunescope.measures.geometry.directprobe import direct_probe
from tunescope.measures.geometry.label_distances import label_distances

_THREADS = 2
_ROUNDS = 3
_TILE = 2048
_SPREAD = {
    16: 1.0,
    32: 0.5,
}  # of the blobs' centres; with these the cases are as hard as shared/cases/directprobe

T = TypeVar("T")


class Points(NamedTuple):
    vectors: np.ndarray
    labels: np.ndarray


def linear(n: int, hidden_size: int, n_labels: int) -> Points:
    """Return labels of unequal sizes, each one blob of the same shape, whose hulls do not meet.

    As in BERT's layers, few directions hold most of the noise: its deviation falls with the square root of the
    direction's rank, and all directions are rotated at random. The centres are spread evenly over the directions.
    """
    rng = np.random.default_rng(0)
    shares = rng.gamma(2, size=n_labels)
    labels = rng.choice(n_labels, n, p=shares / shares.sum())
    deviation = np.arange(1, hidden_size + 1) ** -0.5
    deviation *= np.sqrt(hidden_size) / np.linalg.norm(deviation)
    centres = 0.5 * rng.standard_normal((n_labels, hidden_size))
    vectors = centres[labels] + deviation * rng.standard_normal((n, hidden_size))
    rotation = np.linalg.qr(rng.standard_normal((hidden_size, hidden_size)))[0]
    return Points((vectors @ rotation).astype(np.float32), labels)


def non_linear(n: int, hidden_size: int, n_labels: int, spread: float) -> Points:
    """Return labels of equal sizes, each two round blobs of deviation 1, with centres of deviation ``spread``.

    The centres do not depend on ``n``, so that sizes can be compared.
    """
    rng = np.random.default_rng(0)
    centres = spread * rng.standard_normal((n_labels, 2, hidden_size))
    labels = rng.permutation(np.arange(n) % n_labels)
    vectors = centres[labels, rng.integers(2, size=n)] + rng.standard_normal((n, hidden_size))
    return Points(vectors.astype(np.float32), labels)


def _generate(folder: Path, shapes: list[tuple[int, int, int]]) -> list[Path]:
    """Write a case for each shape; those that :data:`_SPREAD` is given for are not linear."""
    paths = []
    for n, hidden_size, n_labels in shapes:
        spread = _SPREAD.get(hidden_size)
        made = (
            linear(n, hidden_size, n_labels)
            if spread is None
            else non_linear(n, hidden_size, n_labels, spread)
        )
        kind = "linear" if spread is None else "non-linear"
        paths.append(folder / f"{kind} {n:,} × {hidden_size}, {n_labels} labels.npz")
        np.savez(paths[-1], **made._asdict())
    return paths


def _extract(folder: Path, layers: range) -> list[Path] | str:
    """Write a case for each layer of MiniLM over PUD POS train, or return why that cannot be done."""
    try:
        import data

        from tunescope import extract

        found = extract(data.MODEL, data.pud(), "train", folder / "run", device="cpu")
    except (SystemExit, TunescopeError) as reason:
        return str(reason)
    paths = []
    for layer in layers:
        n, hidden_size = found.layer(layer).shape
        paths.append(folder / f"layer {layer}: {n:,} × {hidden_size}.npz")
        np.savez(paths[-1], vectors=found.layer(layer), labels=found.labels)
    return paths


@dataclass(frozen=True)
class Run:
    """What one case came to: seconds by stage, seconds for the Gram matrix, and what was found."""

    name: str
    n: int
    stages: dict[str, float]
    gram: float
    found: dict[str, str]

    @property
    def total(self) -> float:
        return sum(self.stages.values())


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _peak() -> float:
    """Return the largest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _gram(vectors: np.ndarray) -> None:
    """Compute every scalar product of two vectors, and keep none."""
    with threadpool_limits(_THREADS, "blas"):
        for first in range(0, len(vectors), _TILE):
            for second in range(0, len(vectors), _TILE):
                vectors[first : first + _TILE] @ vectors[second : second + _TILE].T


def _warm_up() -> None:
    """Compile, or load what was compiled, with a case that comes by every stage."""
    points = non_linear(200, 16, 3, 0.3)
    direct_probe(*points, n_jobs=_THREADS)
    label_distances(*points, n_jobs=_THREADS)


def measure(path: Path) -> Run:
    """Run one case; for a process of its own."""
    with np.load(path) as stored:
        vectors, labels = stored["vectors"], stored["labels"]
    _warm_up()
    baseline = _peak()
    rounds, peak = [], 0.0
    for _ in range(_ROUNDS):
        found = direct_probe(vectors, labels, n_jobs=_THREADS)
        peak = peak or _peak()
        rounds.append(found.seconds)
    stages = min(rounds, key=lambda seconds: sum(seconds.values()))
    exact = vectors.astype(np.float64)
    gram = min(_seconds(lambda: _gram(exact)) for _ in range(_ROUNDS))
    whole = label_distances(vectors, labels, n_jobs=_THREADS).status
    report = {
        "clusters": str(len(found.cluster_labels)),
        "label pairs that meet": str(np.isin(whole, ("overlap", "undecided")).sum() // 2),
        "exact tests": str(found.work["exact tests"]),
        "rejections": str(len(found.certificates.common_points)),
        "fragile": str(found.certificates.n_fragile),
        "proven": "yes" if found.verify(vectors).holds else "NO",
        "baseline MB": f"{baseline:.0f}",
        "peak MB": f"{peak:.0f}",
    }
    return Run(path.stem, len(vectors), stages, gram, report)


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose columns are as wide as they need to be; the first to the left, the rest to the right."""
    lines = [heads, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print()
    for first, *rest in lines:
        cells = (f"{cell:>{width}s}" for cell, width in zip(rest, widths[1:], strict=True))
        print("  ".join([f"{first:{widths[0]}s}", *cells]))


def print_runs(runs: list[Run]) -> None:
    """Print the seconds, then what was found; the Gram matrix is set against the stage of the label distances."""
    rows = []
    for run in runs:
        seconds = [*run.stages.values(), run.total, run.gram]
        share = run.stages["label distances"] / run.gram
        rows.append([run.name, *(f"{each:.3f}" for each in seconds), f"{share:.2f}"])
    print_table(["seconds", *runs[0].stages, "total", "Gram", "label distances / Gram"], rows)
    print_table(["found", *runs[0].found], [[run.name, *run.found.values()] for run in runs])


def _alone(work: Callable[..., T], *arguments: object) -> T:
    """Do the work in a new process.

    Its peak starts from the memory of this one, which stays below what the imports alone will take there.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        return executor.submit(work, *arguments).result()


def _print_exponent(runs: list[Run]) -> None:
    """Print the exponent of the time in n, by least squares on the logarithms."""
    sizes, seconds = [run.n for run in runs], [run.total for run in runs]
    exponent = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
    print(
        f"\nnon-linear, 32 dimensions: seconds ∝ n^{exponent:.2f}, n = {', '.join(f'{n:,}' for n in sizes)}"
    )


def compare_with_eager(sizes: list[int]) -> None:
    """Print the seconds of the reference, which checks every merger at once by linear programs, and ours."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tests.measures.geometry.eager_directprobe import eager_directprobe

    _warm_up()
    rows = []
    for n in sizes:
        points = non_linear(n, 3, 3, 2.0)
        started = time.perf_counter()
        expected = eager_directprobe(points.vectors.astype(np.float64), points.labels)
        eager = time.perf_counter() - started
        found = direct_probe(*points, n_jobs=_THREADS).clusters
        ours = min(_seconds(lambda p=points: direct_probe(*p, n_jobs=_THREADS)) for _ in range(_ROUNDS))
        agrees = np.array_equal(expected[:, None] == expected, found[:, None] == found)
        name = f"non-linear {n} × 3, 3 labels"
        rows.append([name, f"{eager:.3f}", f"{ours:.4f}", str(found.max() + 1), "yes" if agrees else "NO"])
    print_table(["seconds", "eager reference", "direct_probe", "clusters", "agree"], rows)


def main(quick: bool, layers: range) -> None:
    """Print everything."""
    _alone(_warm_up)  # what is compiled there is on disk for the cases, whose baseline would show it
    load = os.getloadavg()[0]
    print(
        f"{_THREADS} threads, best of {_ROUNDS}; {os.cpu_count()} cores, load {load:.1f} before the first case"
    )
    shapes = [(1000, 128, 17)] if quick else [(4000, 768, 40), (21_000, 768, 17)]
    shapes += [] if quick else [(2000, 16, 5)]
    shapes += [(n, 32, 5) for n in ([500, 1000, 2000] if quick else [1000, 2000, 4000, 8000])]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        runs = [_alone(measure, path) for path in _alone(_generate, folder, shapes)]
        print_runs(runs)
        _print_exponent([run for run in runs if "× 32" in run.name])
        _alone(compare_with_eager, [24, 32] if quick else [24, 32, 40, 160])
        if quick:
            return
        extracted = _alone(_extract, folder, layers)
        if isinstance(extracted, str):
            print(f"\nMiniLM on PUD POS train: skipped: {extracted}")
            return
        print("\nMiniLM on PUD POS train")
        print_runs([_alone(measure, path) for path in extracted])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the small cases alone")
    parser.add_argument("--layer-0", action="store_true", help="MiniLM's embeddings too")
    given = parser.parse_args()
    main(given.quick, range(0 if given.layer_0 else 1, 7))
