"""Vectors on disk: one memory-mapped array and a table of targets; reading needs no torch."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Literal, Self

import numpy as np
import pandas as pd
import pydantic
import xarray as xr
from jaxtyping import Float, Int

from tunescope._core.errors import InputError
from tunescope._core.files import write_atomically
from tunescope._core.records import Record
from tunescope.tasks.example import Label

__all__ = ["Representations", "Storage", "StoreInfo", "VectorWriter", "open_representations"]

Storage = Literal["float32", "float16", "bfloat16"]

_INFO = "representations.json"
_VECTORS = "vectors.npy"
_TARGETS = "targets.parquet"
_DTYPES = {"float32": np.float32, "float16": np.float16, "bfloat16": np.uint16}
"""numpy has no bfloat16: its bits are stored as integers, and are the upper half of a float32."""


class StoreInfo(Record):
    """What the arrays of a store are.

    ``layers`` gives the layer of each row of the first axis: 0 for the embeddings, then 1 … L.
    """

    schema_version: int = 1
    model: str
    state_sha256: str
    task: str
    split: str
    examples_sha256: str
    pooling: str
    storage: Storage
    layers: tuple[int, ...]
    n_examples: int
    hidden_size: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Layers, examples, hidden size."""
        return len(self.layers), self.n_examples, self.hidden_size

    @property
    def n_bytes(self) -> int:
        """Size of the vectors on disk."""
        return int(np.prod(self.shape)) * np.dtype(_DTYPES[self.storage]).itemsize


@dataclass(frozen=True)
class Representations:
    """The vectors of a split's targets, read from disk as they are needed.

    Attributes:
        folder: Where they lie.
        info: What they are.
    """

    folder: Path
    info: StoreInfo

    @cached_property
    def targets(self) -> pd.DataFrame:
        """One row per target, in corpus order: ``sentence_id``, ``token`` (its words) and ``label``."""
        return pd.read_parquet(self.folder / _TARGETS)

    @cached_property
    def labels(self) -> np.ndarray:
        """The label of each target: strings, or float64 numbers."""
        labels = self.targets["label"].to_numpy()
        return labels.astype(np.float64) if labels.dtype.kind == "f" else labels.astype(np.str_)

    @cached_property
    def sentence_ids(self) -> Int[np.ndarray, " example"]:
        """The sentence of each target, numbered from 0 in corpus order."""
        return pd.factorize(self.targets["sentence_id"])[0]

    def layer(
        self, layer: int, examples: Int[np.ndarray, " example"] | slice = slice(None)
    ) -> Float[np.ndarray, "example hidden"]:
        """Return the float32 vectors of one layer, for all targets or some of them.

        Raises:
            InputError: The layer was not extracted.
        """
        if layer not in self.info.layers:
            raise InputError(
                "This layer was not extracted.", where=self.folder, expected=self.info.layers, got=layer
            )
        return _as_float32(self._mapped[self.info.layers.index(layer)][examples], self.info.storage)

    def to_xarray(self) -> xr.DataArray:
        """Return the vectors with dims ``layer, example, hidden`` and their labels, tokens and sentence ids.

        float32 and float16 vectors stay on disk until they are used; bfloat16 ones are converted to float32.
        """
        vectors = self._mapped
        if self.info.storage == "bfloat16":
            vectors = _as_float32(vectors, "bfloat16")
        coordinates = {name: ("example", self.targets[name].to_numpy()) for name in self.targets.columns}
        return xr.DataArray(
            vectors,
            dims=("layer", "example", "hidden"),
            coords={"layer": list(self.info.layers), **coordinates},
            name="vectors",
            attrs=self.info.model_dump(exclude={"layers"}),
        )

    @cached_property
    def _mapped(self) -> np.ndarray:
        mapped: np.ndarray = np.load(self.folder / _VECTORS, mmap_mode="r")
        return mapped


def open_representations(folder: Path | str) -> Representations:
    """Open the vectors that :func:`tunescope.extract` left in ``folder``.

    Raises:
        InputError: The folder holds no finished extraction.
    """
    folder = Path(folder)
    try:
        info = StoreInfo.model_validate_json((folder / _INFO).read_bytes())
    except (OSError, pydantic.ValidationError) as error:
        raise InputError(
            "The folder holds no finished extraction.",
            where=folder,
            expected=f"a readable {_INFO}",
            fix="run tunescope extract with this folder as --out",
        ) from error
    return Representations(folder, info)


class VectorWriter:
    """Writes vectors in any order of the targets; memory holds only what is being written.

    The disk space is reserved before the first vector, so that a full disk shows at once. What is written with
    ``write`` counts as done after ``mark_done``; an interrupted extraction goes on from there.
    """

    def __init__(self, folder: Path, info: StoreInfo) -> None:
        self.folder = folder
        self.info = info
        path = folder / _VECTORS
        header = _npy_header(info)
        resumed = path.exists() and path.stat().st_size == len(header) + info.n_bytes
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        self._start = len(header)
        if not resumed:
            _reserve(self._file, len(header) + info.n_bytes)
            (folder / "done.json").unlink(missing_ok=True)
        os.pwrite(self._file, header, 0)

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        os.close(self._file)

    @property
    def n_done(self) -> int:
        """How many sequences an earlier attempt finished, of those planned, the longest first."""
        try:
            return int(json.loads((self.folder / "done.json").read_text()))
        except (OSError, ValueError):
            return 0

    def mark_done(self, n_sequences: int) -> None:
        """Put on disk what was written so far, and that it is the first ``n_sequences`` of the plan."""
        os.fsync(self._file)
        write_atomically(self.folder / "done.json", json.dumps(n_sequences))

    def write(
        self,
        layer_index: int,
        examples: Int[np.ndarray, " row"],
        column: int,
        vectors: np.ndarray,
    ) -> None:
        """Write the vectors of some targets at one layer.

        Args:
            layer_index: Row of the layer on the first axis.
            examples: The target of each vector.
            column: Where in the hidden axis the vectors start (0, or the hidden size for a pair's second part).
            vectors: Vectors in the storage's own number format, (row, hidden).
        """
        _, n_examples, hidden = self.info.shape
        size = vectors.itemsize
        whole_rows = vectors.shape[1] == hidden
        data = np.ascontiguousarray(vectors)
        breaks = np.flatnonzero(np.diff(examples) != 1) + 1 if whole_rows else np.arange(1, len(examples))
        bounds = np.concatenate([[0], breaks, [len(examples)]])
        for first, stop in pairwise(bounds):
            row = layer_index * n_examples + int(examples[first])
            _write_all(self._file, data[first:stop], self._start + (row * hidden + column) * size)

    def finish(
        self, sentence_ids: Sequence[str], tokens: Sequence[str], labels: Sequence[Label]
    ) -> Representations:
        """Write the table of targets and declare the store whole."""
        os.fsync(self._file)
        table = pd.DataFrame({"sentence_id": sentence_ids, "token": tokens, "label": labels})
        table.to_parquet(self.folder / _TARGETS, index=False)
        write_atomically(self.folder / _INFO, self.info.model_dump_json(indent=2))
        (self.folder / "done.json").unlink(missing_ok=True)
        return Representations(self.folder, self.info)


def _npy_header(info: StoreInfo) -> bytes:
    buffer = BytesIO()
    dtype = np.dtype(_DTYPES[info.storage])
    description = {"descr": dtype.str, "fortran_order": False, "shape": info.shape}
    np.lib.format.write_array_header_2_0(buffer, description)
    return buffer.getvalue()


def _reserve(file: int, n_bytes: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, n_bytes)
    else:
        os.ftruncate(file, n_bytes)


def _write_all(file: int, data: np.ndarray, offset: int) -> None:
    view = data.data.cast("B")
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written


def _as_float32(stored: np.ndarray, storage: Storage) -> np.ndarray:
    if storage == "bfloat16":
        return (stored.astype(np.uint32) << 16).view(np.float32)
    return np.asarray(stored, dtype=np.float32)
