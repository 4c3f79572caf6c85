"""Planted truth: is the layer named from which on an encoder was changed, and is nothing said where nothing was?

MiniLM's layers 1 to 6 are changed in one layer's matrices each, by noise, rotation and retraining, in graded strength:
the norm of the change as a share of that of the matrices. The onset is told from vectors alone, of the same sentences
(weak changes) and of different ones (stronger ones). Null cases have the same weights. Then properties are erased from
vectors on purpose, and what became of them and of untouched ones is told. Sentences are those of the built-in treebank.
"""

from __future__ import annotations

import argparse
import csv
import math
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from erasure import print_forgetting
from planted_encoders import CHANGES, Change, Corpus, Sample, fit_head

from tunescope.measures.similarity.onset import Onset, onset_layer
from tunescope.measures.similarity.unpaired_onset import onset_layer_unpaired
from tunescope.models.encoder import load_encoder
from tunescope.report.canvas import print_axes, print_bytes, print_legend
from tunescope.studies.demo import find_demo_model

SAME, DIFFERENT = "same sentences", "different sentences"
_STRENGTHS = {
    SAME: (1e-7, 3e-7, 1e-6, 3e-6, 1e-5, 3e-5),
    DIFFERENT: (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1),
}
_BASE_BUDGET, _CHANGED_BUDGET, _NULL_BUDGET = 4096, 1024, 300
"""Positions in a batch: other batches give vectors that differ by rounding."""

_N_SAMPLES = 4
_N_NULL = 100
_ENOUGH = 0.95
_COLOURS = {SAME: "#0072b2", DIFFERENT: "#d55e00"}
_MARKERS = {"noise": "o", "rotation": "s", "retraining": "^"}
_OPEN: dict[str, Any] = {"markersize": 5, "markerfacecolor": "none"}


@dataclass(frozen=True)
class Case:
    """What was planted and what was named; no layer planted, none in a null case, and none named where it is None."""

    judged_by: str
    kind: str
    layer: int | None
    strength: float
    measured: float
    named: int | None

    @property
    def right(self) -> bool:
        return self.named == self.layer

    @property
    def outcome(self) -> str:
        if self.right or self.named is None or self.layer is None:
            return "right" if self.right else "none"
        return "too low" if self.named < self.layer else "too high"


class Judge:
    """Tells onsets from the vectors of a pool of sentences before, and of a sample of them after."""

    def __init__(self, corpus: Corpus, before: np.ndarray, n_sentences: int) -> None:
        self.corpus = corpus
        self.before = before
        self.n_sentences = n_sentences

    def same(self, after: np.ndarray, targets: np.ndarray, *, with_cka: bool = False) -> Onset:
        return onset_layer(
            self.before[:, targets],
            after,
            self.corpus.sentences[targets],
            with_cka=with_cka,
            rng=np.random.default_rng(0),
        )

    def different(self, after: np.ndarray, targets: np.ndarray, rng: np.random.Generator) -> Onset:
        """Judge by a random sample of the sentences that are not among those after."""
        used = np.unique(self.corpus.sentences[targets])
        free = np.setdiff1d(np.arange(self.corpus.n_sentences), used)
        others = self.corpus.targets_of(rng.choice(free, size=self.n_sentences, replace=False))
        return onset_layer_unpaired(
            self.before[:, others],
            after,
            self.corpus.sentences[others],
            self.corpus.sentences[targets],
            rng=rng,
        )


def planted_cases(judge: Judge) -> Iterator[Case]:
    """Yield a case for each way to judge, strength, kind and layer."""
    corpus = judge.corpus
    order = np.random.default_rng(0).permutation(corpus.n_sentences)
    head = fit_head(corpus, judge.before[-1])
    samples = [
        Sample(
            corpus,
            np.sort(order[k * judge.n_sentences : (k + 1) * judge.n_sentences]),
            token_budget=_CHANGED_BUDGET,
        )
        for k in range(_N_SAMPLES)
    ]
    number = 0
    for way, strengths in _STRENGTHS.items():
        for strength in strengths:
            for kind in CHANGES:
                for layer in range(1, len(corpus.stack) + 1):
                    number += 1
                    sample = samples[number % _N_SAMPLES]
                    changed, measured = Change(kind, layer, strength, seed=number).apply(sample, head)
                    after = sample.vectors(layer, changed)
                    rng = np.random.default_rng(number)
                    found = (
                        judge.same(after, sample.targets)
                        if way == SAME
                        else judge.different(after, sample.targets, rng)
                    )
                    yield Case(way, kind, layer, strength, measured, found.layer)


def null_cases(judge: Judge) -> Iterator[Case]:
    """Yield cases with the same weights: other batches, another number format, and different sentences."""
    corpus, rng = judge.corpus, np.random.default_rng(1)
    half_precision = load_encoder(find_demo_model(), device="cpu", dtype=torch.bfloat16)
    for kind, encoder, precision in (
        ("other batches", corpus.encoder, "float32"),
        ("bfloat16", half_precision, "bfloat16"),
    ):
        after = corpus.vectors(encoder, _NULL_BUDGET)
        for _ in range(_N_NULL):
            targets = corpus.targets_of(rng.choice(corpus.n_sentences, judge.n_sentences, replace=False))
            found = onset_layer(
                judge.before[:, targets],
                after[:, targets],
                corpus.sentences[targets],
                precision=precision,  # type: ignore[arg-type]
                rng=rng,
            )
            yield Case(SAME, kind, None, 0.0, 0.0, found.layer)
    for _ in range(_N_NULL):
        chosen = rng.choice(corpus.n_sentences, judge.n_sentences, replace=False)
        targets = corpus.targets_of(chosen)
        found = judge.different(judge.before[:, targets], targets, rng)
        yield Case(DIFFERENT, "other sentences", None, 0.0, 0.0, found.layer)


def wilson(n_right: int, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share."""
    z = 1.96
    centre = (n_right + z * z / 2) / (n + z * z)
    reach = z / (n + z * z) * math.sqrt(n_right * (n - n_right) / n + z * z / 4)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def sufficient_strength(cases: Sequence[Case]) -> float:
    """Return the least strength from which on enough of all are named right; NaN where there is none."""
    for strength in sorted({case.strength for case in cases}):
        above = [case.right for case in cases if case.strength >= strength]
        if sum(above) >= _ENOUGH * len(above):
            return strength
    return math.nan


def print_planted(cases: Sequence[Case]) -> None:
    """Print how many are named right by strength and kind, and from which strength on enough are."""
    for way in _STRENGTHS:
        mine = [case for case in cases if case.judged_by == way]
        print(f"\n{way}: {len(mine)} encoders, named right by strength of the change")
        print(f"{'strength':>9} {''.join(f'{kind:>12}' for kind in CHANGES)}{'all':>10}   otherwise")
        for strength in _STRENGTHS[way]:
            here = [case for case in mine if case.strength == strength]
            counts = [
                f"{sum(c.right for c in here if c.kind == kind)}/{sum(c.kind == kind for c in here)}"
                for kind in CHANGES
            ]
            wrong = Counter(case.outcome for case in here if not case.right)
            print(
                f"{strength:9.0e} {''.join(f'{count:>12}' for count in counts)}"
                f"{sum(c.right for c in here):>7}/{len(here)}   "
                + ", ".join(f"{count} {outcome}" for outcome, count in wrong.items())
            )
        least = sufficient_strength(mine)
        above = [case.right for case in mine if case.strength >= least]
        if not above:
            print(f"there is no strength from which on {_ENOUGH:.0%} are named right")
            continue
        low, _ = wilson(sum(above), len(above))
        print(
            f"from strength {least:.0e} on, {sum(above)} of {len(above)} ({sum(above) / len(above):.1%}, 95 % interval"
            f" from {low:.1%}) are named right; at least {_ENOUGH:.0%} by kind from "
            + ", ".join(
                f"{sufficient_strength([case for case in mine if case.kind == kind]):.0e} ({kind})"
                for kind in CHANGES
            )
        )


def print_null(cases: Sequence[Case]) -> None:
    """Print how many null cases claim a change."""
    print("\nthe same weights:")
    for way, kind in dict.fromkeys((case.judged_by, case.kind) for case in cases):
        claims = [case.named is not None for case in cases if (case.judged_by, case.kind) == (way, kind)]
        low, high = wilson(sum(claims), len(claims))
        print(
            f"  {way}, {kind}: {sum(claims)} of {len(claims)} claim a change"
            f" ({sum(claims) / len(claims):.0%}, 95 % interval {low:.1%} … {high:.1%})"
        )


def print_findings(judge: Judge) -> None:
    """Print the findings in words on one changed encoder."""
    sample = Sample(judge.corpus, np.arange(judge.n_sentences), token_budget=_CHANGED_BUDGET)
    changed, _ = Change("noise", 4, 0.1, seed=0).apply(sample, fit_head(judge.corpus, judge.before[-1]))
    after = sample.vectors(4, changed)
    print("\nnoise of a tenth in layer 4, in words:")
    print(f"  {SAME}: {judge.same(after, sample.targets, with_cka=True).text}")
    print(f"  {DIFFERENT}: {judge.different(after, sample.targets, np.random.default_rng(0)).text}")


def write_cases(cases: Sequence[Case], path: Path) -> None:
    with path.open("w", encoding="utf8", newline="") as file:
        writer = csv.DictWriter(file, [*asdict(cases[0]), "outcome"], lineterminator="\n")
        writer.writeheader()
        for case in cases:
            writer.writerow({**asdict(case), "outcome": case.outcome})


def draw(cases: Sequence[Case], folder: Path) -> None:
    """Draw the share that is named right against the strength, with 95 % intervals, and each kind by a marker."""
    figure, axes = print_axes(
        x_title="strength: norm of the change over norm of the layer's matrices",
        y_title="layer named right",
        width=7.2,
        percent="y",
    )
    axes.set_xscale("log")
    for way, strengths in _STRENGTHS.items():
        look = {"color": _COLOURS[way]}
        groups = [
            [case for case in cases if case.judged_by == way and case.strength == strength]
            for strength in strengths
        ]
        rights = [sum(case.right for case in group) for group in groups]
        ends = np.array([wilson(right, len(group)) for right, group in zip(rights, groups, strict=True)])
        shares = [right / len(group) for right, group in zip(rights, groups, strict=True)]
        axes.fill_between(strengths, ends[:, 0], ends[:, 1], alpha=0.12, linewidth=0, **look)
        axes.plot(strengths, shares, linewidth=2.2, label=f"{way}, all kinds", **look)
        for kind, marker in _MARKERS.items():
            of_kind = [np.mean([case.right for case in group if case.kind == kind]) for group in groups]
            axes.plot(strengths, of_kind, f"{marker}:", linewidth=0.9, **look, **_OPEN)
    for kind, marker in _MARKERS.items():
        axes.plot([], [], f"{marker}:", color="#334155", linewidth=0.9, label=kind, **_OPEN)
    axes.axhline(_ENOUGH, color="#64748b", linewidth=1, linestyle=(0, (4, 3)), label=f"{100 * _ENOUGH:.0f} %")
    axes.set_ylim(-0.03, 1.03)
    print_legend(figure, axes, n_columns=3)
    for extension in ("svg", "png"):
        (folder / f"planted.{extension}").write_bytes(print_bytes(figure, extension))


def plant_layers(corpus: Corpus, before: np.ndarray, n_sentences: int, folder: Path) -> None:
    """Run all cases, print the tables, and write figure and cases."""
    judge = Judge(corpus, before, n_sentences)
    planted = list(planted_cases(judge))
    print_planted(planted)
    null = list(null_cases(judge))
    print_null(null)
    print_findings(judge)
    write_cases([*planted, *null], folder / "planted.csv")
    draw(planted, folder)


def main(n_sentences: int, parts: Sequence[str], folder: Path) -> None:
    """Print what is found, and write the figure and the cases."""
    started = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    encoder = load_encoder(find_demo_model(), device="cpu")
    corpus = Corpus(encoder, (_N_SAMPLES + 1) * n_sentences)
    before = corpus.vectors(encoder, _BASE_BUDGET)
    print(
        f"{corpus.n_sentences} sentences, {len(corpus.sentences):,} words; samples of {n_sentences} sentences",
        flush=True,
    )
    if "layers" in parts:
        plant_layers(corpus, before, n_sentences, folder)
    if "forgetting" in parts:
        print_forgetting(corpus, before)
    print(
        f"\n{time.perf_counter() - started:.0f} s ({time.process_time():.0f} s of processors); written to {folder}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = ["layers", "forgetting"]
    parser.add_argument("--part", action="append", choices=known, help="what to print; all by default")
    parser.add_argument("--sentences", type=int, default=300, help="sentences in a sample (default: 300)")
    parser.add_argument("--out", type=Path, help="folder for figure and cases (default: a temporary one)")
    arguments = parser.parse_args()
    main(
        arguments.sentences,
        arguments.part or known,
        arguments.out or Path(tempfile.mkdtemp(prefix="planted-")),
    )
