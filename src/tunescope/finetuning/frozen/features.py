"""Frozen features: the vectors of every layer, with labels and sentences, read as they are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
from jaxtyping import Float, Int, Shaped
from numpy.typing import ArrayLike

from tunescope._core.errors import InputError
from tunescope.tasks.example import LabelKind
from tunescope.tasks.task import Examples

__all__ = ["FrozenFeatures", "StoredVectors", "covers_every_word"]

_ROWS_AT_ONCE = 65536

Places = Int[np.ndarray, " example"] | slice
ReadLayer = Callable[[int, Places], Float[np.ndarray, "example hidden"]]


class StoredInfo(Protocol):
    """What a store says of its arrays."""

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers, 0 for the embeddings."""

    @property
    def hidden_size(self) -> int:
        """Length of a vector."""


class StoredVectors(Protocol):
    """What is asked of a store of vectors; :class:`tunescope.representations.store.Representations` is one."""

    @property
    def info(self) -> StoredInfo:
        """What the arrays are."""

    @property
    def labels(self) -> np.ndarray:
        """The label of each target: strings, or float64 numbers."""

    @property
    def sentence_ids(self) -> np.ndarray:
        """The sentence of each target, in corpus order."""

    def layer(self, layer: int, examples: Places = slice(None)) -> np.ndarray:
        """Return the float32 vectors of one layer, for all targets or some of them."""


@dataclass(frozen=True, eq=False)
class FrozenFeatures:
    """The vectors of targets at several layers, with their labels; made by :meth:`of_arrays` or :meth:`of_store`.

    How a word of several subwords, a pair or a whole text became one vector was decided where the vectors were made.

    Attributes:
        layers: The layers, in ascending order; the last is the top.
        hidden_size: Length of a vector.
        labels: Shape (example,); text for classes, float64 for numbers; ``None`` where they are not known.
        sentence_ids: Shape (example,); the sentence of each, numbered from 0.
        sequences: Whether the examples of a sentence are all its words in their order, so that a head may read it as
            a sequence.
        read_layer: Returns the vectors of some examples at one layer.
    """

    layers: tuple[int, ...]
    hidden_size: int
    labels: Shaped[np.ndarray, " example"] | None
    sentence_ids: Int[np.ndarray, " example"]
    sequences: bool
    read_layer: ReadLayer

    @classmethod
    def of_arrays(
        cls,
        vectors: Float[np.ndarray, "layer example hidden"],
        labels: ArrayLike | None,
        sentence_ids: ArrayLike,
        *,
        sequences: bool = False,
    ) -> Self:
        """Return features from arrays in memory, or mapped from disk.

        Args:
            vectors: Shape (layer, example, hidden), finite; the top layer last.
            labels: Shape (example,); text for classes, floating-point numbers for numbers. ``None`` where they are
                not known, which is enough to predict.
            sentence_ids: Shape (example,); text or whole numbers.
            sequences: Whether the examples of a sentence are all its words in their order.

        Raises:
            InputError: The shapes do not fit, there is no example, a vector or a label is not finite, labels are
                neither text nor floating-point numbers, or the words of a sentence do not stand together.
        """
        array = np.asarray(vectors)
        if array.ndim != 3 or 0 in array.shape or array.dtype.kind != "f":
            raise InputError(
                "vectors is no stack of layers.",
                where="vectors",
                expected="floating-point numbers of shape (layers, examples, hidden size), at least one of each",
                got=f"shape {array.shape}, dtype {array.dtype}",
                fix="give one layer as vectors[None]",
            )

        def read(layer: int, examples: Places) -> Float[np.ndarray, "example hidden"]:
            return np.asarray(array[layer, examples], dtype=np.float32)

        layers = tuple(range(len(array)))
        return cls._checked(layers, array.shape[2], array.shape[1], labels, sentence_ids, sequences, read)

    @classmethod
    def of_store(cls, store: StoredVectors, *, sequences: bool = False) -> Self:
        """Return features that are read from a store as they are needed; memory holds a batch.

        Args:
            store: The vectors of a split's targets, such as :func:`tunescope.extract` returns.
            sequences: Whether the targets are all words of their sentences, see :func:`covers_every_word`.

        Raises:
            InputError: A vector or a label is not finite, or the store holds no example.
        """
        info = store.info
        labels = store.labels
        layers = tuple(sorted(info.layers))
        return cls._checked(
            layers, info.hidden_size, len(labels), labels, store.sentence_ids, sequences, store.layer
        )

    @classmethod
    def _checked(
        cls,
        layers: tuple[int, ...],
        hidden_size: int,
        n_examples: int,
        labels: ArrayLike | None,
        sentence_ids: ArrayLike,
        sequences: bool,
        read: ReadLayer,
    ) -> Self:
        if not n_examples:
            raise InputError("There are no vectors.", where="vectors", expected="at least one example", got=0)
        checked = None if labels is None else _labels(labels, n_examples)
        sentences = _sentences(sentence_ids, n_examples)
        if sequences:
            _check_sentences_stand_together(sentences)
        features = cls(layers, hidden_size, checked, sentences, sequences, read)
        for layer in layers:
            _check_finite(features, layer)
        return features

    @property
    def n_examples(self) -> int:
        """Number of examples."""
        return len(self.sentence_ids)

    @property
    def n_sentences(self) -> int:
        """Number of sentences."""
        return int(self.sentence_ids.max()) + 1

    @property
    def label(self) -> LabelKind:
        """Whether the labels are classes or numbers.

        Raises:
            InputError: There are no labels.
        """
        return LabelKind.NUMBER if self.known_labels.dtype.kind == "f" else LabelKind.CLASS

    @property
    def known_labels(self) -> Shaped[np.ndarray, " example"]:
        """The labels.

        Raises:
            InputError: There are none.
        """
        if self.labels is None:
            raise InputError("The features have no labels.", where="labels", expected="a label per example")
        return self.labels

    @cached_property
    def units(self) -> tuple[Int[np.ndarray, " unit"], Int[np.ndarray, " unit"]]:
        """Start and length of what is read as one: a sentence where words are read in sequence, else an example."""
        if not self.sequences:
            return np.arange(self.n_examples), np.ones(self.n_examples, dtype=np.int64)
        change = np.flatnonzero(np.diff(self.sentence_ids)) + 1
        starts = np.concatenate([[0], change])
        return starts, np.diff(np.concatenate([starts, [self.n_examples]]))

    def top(self) -> Float[np.ndarray, "example hidden"]:
        """Return the float32 vectors of the top layer."""
        return np.asarray(self.read_layer(self.layers[-1], slice(None)), dtype=np.float32)

    def read(self, examples: Places) -> Float[np.ndarray, "layer example hidden"]:
        """Return the float32 vectors of some examples at all layers."""
        return np.stack([self.read_layer(layer, examples) for layer in self.layers]).astype(
            np.float32, copy=False
        )


def covers_every_word(examples: Examples) -> bool:
    """Return whether every word of every sentence is a target of its own, in order: what sequence heads can read.

    >>> from tunescope.tasks.example import Example, Span, Target
    >>> both = (Target("DET", (Span(0, 1),)), Target("NOUN", (Span(1, 2),)))
    >>> covers_every_word((Example("s1", ("the", "cat"), both),))
    True
    >>> covers_every_word((Example("s1", ("the", "cat"), both[1:]),))
    False
    """
    return all(
        not isinstance(example.text, str)
        and example.second_text is None
        and [[(span.start, span.end) for span in target.spans] for target in example.targets]
        == [[(place, place + 1)] for place in range(len(example.text))]
        for example in examples
    )


def _labels(labels: ArrayLike, n_examples: int) -> np.ndarray:
    array = np.asarray(labels)
    if array.dtype.kind == "O" and all(isinstance(label, str) for label in array.ravel()):
        array = array.astype(np.str_)
    if array.shape != (n_examples,) or array.dtype.kind not in "Uf":
        raise InputError(
            "The labels do not fit the vectors.",
            where="labels",
            expected=f"{n_examples} labels, text for classes or floating-point numbers",
            got=f"shape {array.shape}, dtype {array.dtype}",
            fix="take labels.astype(str) for classes, labels.astype(float) for numbers",
        )
    if array.dtype.kind == "f":
        array = array.astype(np.float64)
        if not np.isfinite(array).all():
            row = int(np.argmin(np.isfinite(array)))
            raise InputError(
                "A label is no finite number.",
                where=f"labels, row {row}",
                expected="finite numbers",
                got=array[row],
                fix="leave these examples out",
            )
    return array


def _sentences(sentence_ids: ArrayLike, n_examples: int) -> Int[np.ndarray, " example"]:
    array = np.asarray(sentence_ids)
    if array.shape != (n_examples,):
        raise InputError(
            "The sentence ids do not fit the vectors.",
            where="sentence_ids",
            expected=f"one for each of {n_examples} examples",
            got=f"shape {array.shape}",
        )
    _, first, numbers = np.unique(array, return_index=True, return_inverse=True)
    in_order: Int[np.ndarray, " example"] = np.argsort(np.argsort(first))[numbers]
    return in_order


def _check_sentences_stand_together(sentences: Int[np.ndarray, " example"]) -> None:
    back = np.flatnonzero(np.diff(sentences) < 0)
    if len(back):
        raise InputError(
            "The words of a sentence do not stand together.",
            where=f"sentence_ids, row {int(back[0]) + 1}",
            expected="the words in the order of the text, sentence by sentence",
            got="a sentence that ended before",
            fix="sort the examples, or leave sequences off",
        )


def _check_finite(features: FrozenFeatures, layer: int) -> None:
    for start in range(0, features.n_examples, _ROWS_AT_ONCE):
        rows: Any = features.read_layer(layer, slice(start, start + _ROWS_AT_ONCE))
        finite = np.isfinite(rows).all(axis=1)
        if not finite.all():
            raise InputError(
                "A vector has a value that is not finite.",
                where=f"layer {layer}, row {start + int(np.argmin(finite))}",
                expected="finite numbers",
                got=f"{np.count_nonzero(~finite)} such rows among {len(rows)}",
                fix="leave these examples out, or look for an overflow where the vectors were computed",
            )
