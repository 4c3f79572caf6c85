"""The structural probe: whether syntax trees can be read from vectors by a linear map (Hewitt and Manning 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial.distance import pdist, squareform

from tunescope._core.errors import InputError
from tunescope._core.seeds import make_rng
from tunescope.measures.probing.dependency_trees import (
    Edges,
    spanning_tree_edges,
    tree_depths,
    tree_distances,
)
from tunescope.measures.probing.parsed_sentences import ParsedSentences
from tunescope.measures.shapes import Vectors
from tunescope.measures.validation import check_vectors

__all__ = ["StructuralProbe", "StructuralProbeKind", "fit_structural_probe", "reconstructed_tree"]

StructuralProbeKind = Literal["distance", "depth"]

_USUAL_RANK = 64
_DEV_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class StructuralProbe:
    """A fitted structural probe: a map for each layer.

    Attributes:
        kind: ``"distance"`` if squared distances of mapped vectors are to be distances in the tree, ``"depth"`` if
            their squared lengths are to be depths.
        maps: Shape (layer, hidden, rank); a layer's vectors are multiplied by its map from the right.
        n_train: How many sentences it was trained on.
        n_dev: How many were held out to say when to stop.
        dev_loss: Shape (layer,); the loss on these, in edges.
        n_epochs: Shape (layer,); how many epochs were run.
        converged: Shape (layer,); whether the loss on the held-out sentences had stopped to improve.
    """

    kind: StructuralProbeKind
    maps: Float[np.ndarray, "layer hidden rank"]
    n_train: int
    n_dev: int
    dev_loss: Float[np.ndarray, " layer"]
    n_epochs: Int[np.ndarray, " layer"]
    converged: Bool[np.ndarray, " layer"]

    @property
    def status(self) -> tuple[str, ...]:
        """For each layer ``"ok"``, or a sentence that says what is wrong with the fit."""
        return tuple(
            "ok" if converged else f"the loss had not settled within {n_epochs} epochs"
            for converged, n_epochs in zip(self.converged, self.n_epochs, strict=True)
        )

    def predict_distances(self, vectors: Vectors, layer: int) -> Float[np.ndarray, "example example"]:
        """Return the squared distances of a sentence's words after the map: their distances in the tree, as predicted.

        Args:
            vectors: Shape (word, hidden); the words of one sentence.
            layer: Place of the layer among those that the probe was fitted on, from 0.

        Raises:
            InputError: The probe is one of depths, has no such layer, or the vectors do not fit it.
        """
        mapped = self._mapped(vectors, layer, "distance")
        distances: Float[np.ndarray, "example example"] = squareform(pdist(mapped, "sqeuclidean"))
        return distances

    def predict_depths(self, vectors: Vectors, layer: int) -> Float[np.ndarray, " example"]:
        """Return the squared lengths of a sentence's words after the map: their depths in the tree, as predicted.

        The parameters and errors are those of :meth:`predict_distances`, for a probe of depths.
        """
        depths: Float[np.ndarray, " example"] = np.square(self._mapped(vectors, layer, "depth")).sum(axis=1)
        return depths

    def _mapped(self, vectors: Vectors, layer: int, kind: StructuralProbeKind) -> np.ndarray:
        rows = check_vectors(vectors, "vectors")
        n_layers, hidden_size, _ = self.maps.shape
        found = (self.kind, rows.shape[1], 0 <= layer < n_layers)
        if found != (kind, hidden_size, True):
            raise InputError(
                "The probe does not fit what it is to predict.",
                expected=f"a probe of kind {kind!r}, a layer from 0 to {n_layers - 1}, hidden size {hidden_size}",
                got=f"a probe of kind {self.kind!r}, layer {layer}, hidden size {rows.shape[1]}",
            )
        mapped: np.ndarray = rows @ self.maps[layer]
        return mapped


def fit_structural_probe(
    train: ParsedSentences,
    *,
    kind: StructuralProbeKind = "distance",
    rank: int | None = None,
    dev: ParsedSentences | None = None,
    epochs: int = 40,
    batch_size: int = 20,
    learning_rate: float = 1e-3,
    patience: int = 5,
    seed: int,
    device: str = "cpu",
) -> StructuralProbe:
    """Fit a structural probe of distances or of depths, on all layers at once.

    Minimises, over the matrix B of each layer, the mean over sentences of Σᵢⱼ |d(i, j) − ‖B(hᵢ − hⱼ)‖²| / n² for
    distances d in the tree, or of Σᵢ |depth(i) − ‖Bhᵢ‖²| / n for depths, n being the length of the sentence (Hewitt and
    Manning 2019, sections 2 and 3). As there: Adam; after an epoch in which the loss on held-out sentences did not
    improve by 1e-4, its momentum is forgotten and its rate divided by ten; the best epoch's map is kept. Other than
    there, the vectors of a layer are divided by one number, the root mean square of their deviations from their mean,
    and B begins so small that distances are about those of trees, so that the unit of the vectors does not matter; and
    batches hold sentences of about one length.

    In memory there is a float32 copy of the vectors, layer × word × hidden × 4 bytes, on the device.

    Args:
        train: Training sentences.
        kind: ``"distance"`` (default) or ``"depth"``.
        rank: Rows of B, from 1 to the hidden size; default 64, or the hidden size where that is smaller. The paper uses
            the hidden size, and finds that no more than 64 help.
        dev: Held-out sentences of the same layers; by default a tenth of the training sentences, drawn at random.
        epochs: At most so many; default 40.
        batch_size: Sentences per step; default 20.
        learning_rate: Of Adam; default 1e-3.
        patience: Stops after so many epochs without an improvement; default 5.
        seed: Seed of the first map, of the batches and of the draw of held-out sentences.
        device: ``"cpu"`` (default), ``"cuda"``, … or ``"auto"``, a GPU where there is one.

    Returns:
        The probe; a layer that did not converge says so in its status, and still predicts.

    Raises:
        InputError: A setting is out of range, the layers of ``dev`` are others, there is no second sentence to hold
            out, the vectors are too large, or the loss is not finite.
        ModelError: There is no such device.

    >>> line = np.array([[[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]] * 20])  # its squared distances are 1, 1 and 4
    >>> train = ParsedSentences(line, np.tile([2, 0, 2], 20), np.full(20, 3), np.ones(60, bool))
    >>> probe = fit_structural_probe(train, seed=0)
    >>> reconstructed_tree(probe, train.vectors_of(0, layer=0), layer=0).tolist()
    [[0, 1], [1, 2]]
    """
    hidden_size = train.vectors.shape[2]
    rank = min(hidden_size, _USUAL_RANK) if rank is None else rank
    _check_settings(
        kind,
        rank,
        hidden_size,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        patience=patience,
    )
    scales = _scales(train)

    from tunescope.measures.probing.engine.structural import load_sentences, train_maps

    learning = load_sentences(train.vectors, scales, train.starts, _gold(train, kind), device)
    if dev is None:
        chosen = _draw_dev(train.n_sentences, seed)
        learning, held_out = learning.only(np.flatnonzero(~chosen)), learning.only(np.flatnonzero(chosen))
    else:
        _check_same_layers(train, dev)
        held_out = load_sentences(dev.vectors, scales, dev.starts, _gold(dev, kind), device)
    layers = train_maps(
        learning,
        held_out,
        rank=rank,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        patience=patience,
        seed=seed,
    )
    _check_finite([layer.best_epoch for layer in layers], learning_rate)
    return StructuralProbe(
        kind=kind,
        maps=np.stack([layer.best_map.cpu().double().numpy() for layer in layers]) / scales[:, None, None],
        n_train=len(learning.gold),
        n_dev=len(held_out.gold),
        dev_loss=np.array([layer.best_loss for layer in layers]),
        n_epochs=np.array([layer.n_epochs for layer in layers]),
        converged=np.array([layer.converged for layer in layers]),
    )


def reconstructed_tree(
    probe: StructuralProbe,
    vectors: Vectors,
    layer: int,
    scored: Bool[np.ndarray, " example"] | None = None,
) -> Edges:
    """Return the edges of the tree that a probe reads from a sentence: the minimum spanning tree of its distances.

    Args:
        probe: A probe of distances.
        vectors: Shape (word, hidden); the words of one sentence.
        layer: Place of the layer among those that the probe was fitted on, from 0.
        scored: Shape (word,); words that the tree spans; all by default.

    Returns:
        Shape (edge, 2); two words per edge, counted from 0, the earlier one first.

    Raises:
        InputError: The probe is one of depths, has no such layer, or the vectors do not fit it.

    >>> maps = np.eye(2)[None]  # the identity
    >>> probe = StructuralProbe("distance", maps, 1, 1, np.zeros(1), np.ones(1, int), np.ones(1, bool))
    >>> reconstructed_tree(probe, np.array([[0.0, 0.0], [3.0, 0.0], [1.0, 0.0]]), layer=0).tolist()
    [[0, 2], [1, 2]]
    """
    return spanning_tree_edges(probe.predict_distances(vectors, layer), scored)


def _check_settings(kind: str, rank: int, hidden_size: int, **counts: int | float) -> None:
    if kind not in get_args(StructuralProbeKind):
        raise InputError("kind is unknown.", expected='"distance" or "depth"', got=kind)
    if not 1 <= rank <= hidden_size:
        raise InputError("rank is out of range.", expected=f"1 to the hidden size, {hidden_size}", got=rank)
    for name, value in counts.items():
        if not value > 0:
            raise InputError(f"{name} is out of range.", expected="a number above 0", got=value)


def _check_same_layers(train: ParsedSentences, dev: ParsedSentences) -> None:
    if train.vectors.shape[::2] != dev.vectors.shape[::2]:
        raise InputError(
            "train and dev have other layers or hidden sizes.",
            expected=f"{train.vectors.shape[0]} layers of hidden size {train.vectors.shape[2]}, as in train",
            got=f"{dev.vectors.shape[0]} layers of hidden size {dev.vectors.shape[2]}",
        )


def _check_finite(best_epochs: list[int], learning_rate: float) -> None:
    if not all(best_epochs):
        raise InputError(
            "The loss is not finite.",
            where=f"layer {best_epochs.index(0)}",
            expected="a learning rate such as 1e-3",
            got=learning_rate,
            fix="lower learning_rate",
        )


def _scales(train: ParsedSentences) -> Float[np.ndarray, " layer"]:
    """Return the root mean square of each layer's deviations from their mean; 1 where nothing deviates."""
    with np.errstate(over="ignore", invalid="ignore"):
        scales = np.array([np.sqrt(layer.var(axis=0, dtype=np.float64).mean()) for layer in train.vectors])
    if not np.isfinite(scales).all():
        raise InputError(
            "The vectors are too large to be squared.",
            where=f"layer {int(np.argmin(np.isfinite(scales)))}",
            fix="multiply all vectors by one number",
        )
    return np.where(scales > 0, scales, 1.0)


def _gold(sentences: ParsedSentences, kind: StructuralProbeKind) -> list[np.ndarray]:
    in_tree = tree_distances if kind == "distance" else tree_depths
    return [in_tree(sentences.heads_of(sentence)) for sentence in range(sentences.n_sentences)]


def _draw_dev(n_sentences: int, seed: int) -> Bool[np.ndarray, " sentence"]:
    """Return which sentences are held out of training: a tenth of them, at least one."""
    if n_sentences < 2:
        raise InputError(
            "There is no sentence to hold out.",
            expected="at least two training sentences, or held-out ones as dev",
            got=f"{n_sentences} training sentence",
        )
    held_out = np.zeros(n_sentences, dtype=bool)
    n_dev = max(1, round(_DEV_SHARE * n_sentences))
    held_out[make_rng(seed, "structural probe", "dev").permutation(n_sentences)[:n_dev]] = True
    return held_out
