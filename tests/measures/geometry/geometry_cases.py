"""Small labelled point sets in which hulls touch exactly or are clearly apart."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


@st.composite
def labelled_points(draw: st.DrawFn, max_points: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Draw points (2 to `max_points`, in 1 to 40 dimensions) and their labels (1 to 4, of 2 to 4 possible ones).

    Grids of small integers and halves make hulls touch; gaussian points are rounded to 1/4096, so that points of
    lower rank (collinear ones too) lie exactly in their subspace. Some points repeat, with either label.
    """
    n = draw(st.integers(2, max_points), label="points")
    d = draw(st.one_of(st.integers(1, 3), st.integers(1, 40)), label="dimensions")
    rank = draw(st.one_of(st.just(d), st.integers(1, d)), label="rank")
    kind = draw(st.sampled_from(["grid", "halves", "gaussian"]), label="kind")
    labelling = draw(st.sampled_from(["random", "anchors", "single"]), label="labelling")
    n_labels = draw(st.integers(2, 4), label="labels")
    n_repeats = draw(st.one_of(st.just(0), st.integers(0, 3)), label="repeats")
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1), label="seed"))

    if kind == "gaussian":
        points = np.round(rng.normal(size=(n, rank)) * 4096) / 4096
    else:
        points = rng.integers(-2, 3, size=(n, rank)) / (1 if kind == "grid" else 2)
    labels = rng.integers(n_labels, size=n)
    if labelling == "anchors":
        anchors = points[rng.integers(n, size=n_labels)]
        labels = np.linalg.norm(points[:, None] - anchors, axis=2).argmin(1)
    elif labelling == "single":
        labels = np.where(np.arange(n) < n - n_labels + 1, 0, np.arange(n) - (n - n_labels))
    for _ in range(n_repeats):
        source, copy = rng.integers(n, size=2)
        points[copy] = points[source]
    if rank < d:
        points = points @ rng.integers(-2, 3, size=(rank, d))
    return points, labels
