from __future__ import annotations

import math

import numpy as np
import pytest
from tests.report.factory import make_comparison

from tunescope.report.findings.clusters import cluster_findings
from tunescope.studies.measuring.clusters import cluster_measurements, division_measurements
from tunescope.studies.settings import CompareSettings


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


class Vectors:
    """Stands for :class:`LabelledVectors`, with vectors in memory."""

    def __init__(self, by_layer: list[np.ndarray], labels: np.ndarray) -> None:
        self.by_layer, self.labels = by_layer, labels
        self.layers = tuple(range(len(by_layer)))

    def layer(self, layer: int) -> np.ndarray:
        return self.by_layer[layer]

    def sampled(self, *_: int) -> Vectors:
        return self


def made(rng: np.random.Generator, n: int, spread: float) -> Vectors:
    """Three labels on a line in five dimensions; at layer 0 the second lies within the first."""
    labels = np.array(["a", "b", "c"])[np.arange(n) % 3]
    places = np.array([[0.0], [4.0], [8.0]])[np.arange(n) % 3] * np.eye(1, 5)
    noise = rng.uniform(-1, 1, (n, 5))
    return Vectors([noise, places * spread + noise], labels)


@pytest.fixture
def found(rng: np.random.Generator) -> dict[tuple[str, str, int, str | None], float]:
    train = {"base": made(rng, 90, 1.0), "tuned": made(rng, 90, 2.0)}
    test = {"base": made(rng, 60, 1.0), "tuned": made(rng, 60, 2.0)}
    measurements = cluster_measurements(train, test, CompareSettings())  # type: ignore[arg-type]
    return {(m.measure, m.subject, m.layer or 0, m.label): m.estimate.value for m in measurements}


def test_clusters_and_distances(found: dict[tuple[str, str, int, str | None], float]) -> None:
    assert found["clusters", "base", 1, None] == found["clusters", "tuned", 1, None] == 3
    assert found["clusters", "base", 0, None] > 3
    assert found["clusters_shuffled", "tuned", 1, None] > 3
    assert 2 < found["minimum_distance", "base", 1, "a"] < 3
    assert 6 < found["minimum_distance", "tuned", 1, "a"] < 7
    assert found["label_distance", "tuned", 1, "a"] > 6
    assert found["spatial_similarity", "both", 1, None] > 0.9
    assert found["train_test_similarity", "base", 1, None] > 0.9
    assert found["vacuous_pairs", "baseline", 0, None] == 0
    shares = [
        found[f"centroid_{part}_share", "both", 1, None] for part in ("rotation", "scaling", "remaining")
    ]
    assert sum(shares) == pytest.approx(1)


def test_one_label_has_no_clusters(rng: np.random.Generator) -> None:
    one = Vectors([rng.normal(size=(9, 3))], np.full(9, "a"))
    both = {"base": one, "tuned": one}
    assert cluster_measurements(both, both, CompareSettings()) == ()  # type: ignore[arg-type]
    assert division_measurements(one, one, "base", CompareSettings()) == ()  # type: ignore[arg-type]


def test_too_few_pairs_are_undefined_and_say_so(rng: np.random.Generator) -> None:
    two = Vectors(
        [rng.normal(size=(9, 3)) + 9 * np.eye(1, 3) * (np.arange(9) % 2)[:, None]], np.arange(9) % 2
    )
    measured = division_measurements(two, two, "base", CompareSettings())  # type: ignore[arg-type]
    assert all(math.isnan(m.estimate.value) and "label pairs" in m.estimate.status for m in measured)


def test_findings_name_the_control() -> None:
    comparison = make_comparison()
    texts = [finding.text for finding in cluster_findings(comparison)]
    assert "12 clusters before and after: hyperplanes tell all labels apart" in texts[0]
    assert "With shuffled labels there would be 31 before and 31 after." in texts[0]
    assert "grew for 12 of 12 labels" in texts[1]
    assert "random split" in texts[3]
    shuffled = tuple(
        m.model_copy(update={"estimate": m.estimate.model_copy(update={"value": 12.0})})
        if m.measure == "clusters_shuffled"
        else m
        for m in comparison.measurements
    )
    vacuous = cluster_findings(comparison.model_copy(update={"measurements": shuffled}))
    assert "the count before and the count after says nothing about the labels" in vacuous[0].text
    assert "2 before and 2 after are fragile" in texts[0]


def test_without_clusters_nothing_is_said() -> None:
    assert cluster_findings(make_comparison(measurements=())) == ()
