"""Whether separable labels say anything: pairs that are separable however labelled, and shuffled labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tunescope.measures.geometry.directprobe import DEFAULT_MEMORY, LabelClusters, direct_probe
from tunescope.measures.geometry.label_distances import check_labelled
from tunescope.measures.shapes import AnyVectors, Labels

__all__ = ["Vacuity", "shuffled_clusters", "vacuity"]


@dataclass(frozen=True)
class Vacuity:
    """How many label pairs hyperplanes separate under any labelling.

    Attributes:
        n_pairs: Pairs of labels.
        n_vacuous: Those with at most hidden size + 1 examples together: points in general position that few are
            separable however they are labelled.
        n_near_threshold: Those with at most twice as many: by Cover's count of dichotomies (1965), a random labelling
            of that few points is separable with probability at least one half.
    """

    n_pairs: int
    n_vacuous: int
    n_near_threshold: int


def vacuity(vectors: AnyVectors, labels: Labels) -> Vacuity:
    """Return how many label pairs are too small for their separability to say anything.

    Args:
        vectors: Shape (example, hidden), finite.
        labels: Shape (example,); at least two different ones.

    Raises:
        InputError: The vectors are no finite matrix, there is not one label per row, or only one label.

    >>> vacuity(np.eye(9, 3), np.array(list("aabbccccc")))
    Vacuity(n_pairs=3, n_vacuous=1, n_near_threshold=3)
    """
    exact, names, label = check_labelled(vectors, labels)
    sizes = np.bincount(label)
    together = (sizes[:, None] + sizes)[np.triu_indices(len(names), k=1)]
    limit = exact.shape[1] + 1
    return Vacuity(
        n_pairs=len(together),
        n_vacuous=int(np.sum(together <= limit)),
        n_near_threshold=int(np.sum(together <= 2 * limit)),
    )


def shuffled_clusters(
    vectors: AnyVectors,
    labels: Labels,
    *,
    rng: np.random.Generator,
    max_memory: int = DEFAULT_MEMORY,
    time_limit: float | None = None,
    n_jobs: int | None = None,
) -> LabelClusters:
    """Return the clusters of the same vectors under the same labels in random order.

    As many clusters as the true labels give would mean that these are a matter of the number of examples and
    dimensions, and not of what the vectors know of the labels.

    Args:
        vectors: Shape (example, hidden), finite.
        labels: Shape (example,); at least two different ones.
        rng: Source of randomness.
        max_memory: As for :func:`direct_probe`.
        time_limit: As for :func:`direct_probe`.
        n_jobs: As for :func:`direct_probe`.

    >>> line, labels = np.arange(12.0)[:, None], np.repeat(["a", "b"], 6)
    >>> direct_probe(line, labels).n_clusters, shuffled_clusters(line, labels, rng=np.random.default_rng(0)).n_clusters
    (2, 8)
    """
    return direct_probe(
        vectors,
        rng.permutation(np.asarray(labels)),
        max_memory=max_memory,
        time_limit=time_limit,
        n_jobs=n_jobs,
    )
