"""Structural probes of MiniLM's layers on UD English EWT: trained on 4,000 sentences, scored on the test set."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import data
import numpy as np

from tunescope.measures.estimate import Estimate
from tunescope.measures.probing.parsed_sentences import ParsedSentences
from tunescope.measures.probing.structural_baselines import linear_chain_scores, random_tree_scores
from tunescope.measures.probing.structural_probe import fit_structural_probe
from tunescope.measures.probing.structural_scores import StructuralScores, evaluate_structural_probe
from tunescope.models.encoder import Encoder, load_encoder
from tunescope.representations.writing import write_representations
from tunescope.tasks.dependency_trees_reader import read_trees
from tunescope.tasks.example import TargetKind


def ewt_path(split: str) -> Path:
    path = Path(__file__).resolve().parents[2] / f"shared/data/ud/EWT-r2.16/en_ewt-ud-{split}.conllu"
    if not path.exists():
        sys.exit(f"benchmarks: the real data is not there: {path}")
    return path


def parsed_sentences(encoder: Encoder, path: str, split: str) -> ParsedSentences:
    text = read_trees(path)
    with tempfile.TemporaryDirectory() as folder:
        found = write_representations(
            encoder,
            text.examples,
            TargetKind.TOKEN,
            Path(folder),
            task="trees",
            split=split,
            long_sentences="window",
        )
        vectors = np.stack([found.layer(layer) for layer in found.info.layers])
    return ParsedSentences(vectors, text.heads, text.lengths, text.scored)


def _cell(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _print_rows(name: str, scores: StructuralScores) -> None:
    rows = zip(scores.uuas, scores.dspr, scores.nspr, scores.root_accuracy, strict=True)
    for number, row in enumerate(rows):
        print(" | ".join([name.format(number), *map(_cell, row)]), flush=True)


def main(n_train: int, rank: int) -> None:
    """Print a line for each layer and each baseline, and how long everything took."""
    seconds = {}
    started = time.perf_counter()

    def done(what: str) -> None:
        nonlocal started
        seconds[what] = time.perf_counter() - started
        started = time.perf_counter()

    encoder = load_encoder(data.MODEL, device="cpu")
    train = parsed_sentences(encoder, f"{ewt_path('train')}[:{n_train}]", "train")
    test = parsed_sentences(encoder, str(ewt_path("test")), "test")
    done("vectors")
    distance = fit_structural_probe(train, kind="distance", rank=rank, seed=0)
    done("distance probes")
    depth = fit_structural_probe(train, kind="depth", rank=rank, seed=0)
    done("depth probes")
    scores = evaluate_structural_probe(distance, depth, test, rng=np.random.default_rng(0))
    done("scores")
    print(
        f"{train.n_sentences:,} training sentences of {train.heads.size:,} words, {test.n_sentences:,} test sentences"
        f" of {test.heads.size:,}; rank {rank}; epochs {distance.n_epochs.tolist()} and {depth.n_epochs.tolist()}"
    )
    print(" | ".join(["layer", "UUAS", "DSpr", "NSpr", "root accuracy"]))
    _print_rows("{}", scores)
    _print_rows("linear chain", linear_chain_scores(test, rng=np.random.default_rng(0)))
    _print_rows("random tree", random_tree_scores(test, rng=np.random.default_rng(0)))
    done("baselines")
    print("; ".join(f"{what} {elapsed:.1f} s" for what, elapsed in seconds.items()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train-sentences", type=int, default=4000, help="how many (default: 4000)")
    parser.add_argument("--rank", type=int, default=64, help="of the probes (default: 64)")
    arguments = parser.parse_args()
    main(arguments.train_sentences, arguments.rank)
