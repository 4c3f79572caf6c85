"""Zarr v3 against one memory-mapped .npy: writing rows in the order of length buckets, reading a layer back.

The shape is that of MiniLM on PUD POS train: 7 layers × 16,860 targets × 384, in sentences of 21 targets.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import zarr

from tunescope.representations.store import StoreInfo, VectorWriter

_LAYERS, _TARGETS, _HIDDEN, _PER_SENTENCE, _PER_BATCH = 7, 16_860, 384, 20, 100
_ROUNDS = 3


def _batches() -> list[np.ndarray]:
    """Return the targets of each batch: whole sentences, in an order that is not the corpus's."""
    sentences = np.random.default_rng(0).permutation(_TARGETS // _PER_SENTENCE)
    rows = (sentences[:, None] * _PER_SENTENCE + np.arange(_PER_SENTENCE)).reshape(-1)
    return np.array_split(rows, len(sentences) // (_PER_BATCH // _PER_SENTENCE))


def _write_npy(folder: Path, vectors: np.ndarray) -> None:
    info = StoreInfo(
        model="",
        state_sha256="",
        task="",
        split="",
        examples_sha256="",
        pooling="mean",
        storage="float32",
        layers=tuple(range(_LAYERS)),
        n_examples=_TARGETS,
        hidden_size=_HIDDEN,
    )
    with VectorWriter(folder, info) as writer:
        for rows in _batches():
            for layer in range(_LAYERS):
                writer.write(layer, rows, 0, vectors[layer, rows])
        writer.finish([""] * _TARGETS, [""] * _TARGETS, [""] * _TARGETS)


def _read_npy(folder: Path) -> np.ndarray:
    return np.array(np.load(folder / "vectors.npy", mmap_mode="r")[_LAYERS - 1])


def _write_zarr(folder: Path, vectors: np.ndarray) -> None:
    array = zarr.create_array(
        folder / "vectors.zarr",
        shape=vectors.shape,
        chunks=(1, 1024, _HIDDEN),
        dtype="float32",
        compressors=None,
    )
    for rows in _batches():
        array.oindex[:, rows] = vectors[:, rows]


def _read_zarr(folder: Path) -> np.ndarray:
    return np.asarray(zarr.open_array(folder / "vectors.zarr")[_LAYERS - 1])


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Print the seconds of writing and reading."""
    vectors = np.random.default_rng(0).normal(size=(_LAYERS, _TARGETS, _HIDDEN)).astype(np.float32)
    for name, write, read in (("npy", _write_npy, _read_npy), ("zarr", _write_zarr, _read_zarr)):
        writing, reading = [], []
        for _ in range(_ROUNDS):
            with tempfile.TemporaryDirectory() as temporary:
                folder = Path(temporary)
                writing.append(_seconds(lambda f=folder, w=write: w(f, vectors)))
                reading.append(_seconds(lambda f=folder, r=read: r(f)))
                last = _batches()[-1]
                assert np.array_equal(read(folder)[last], vectors[-1, last])
        print(f"{name:5s} write {min(writing):6.2f} s, read one layer {1000 * min(reading):6.1f} ms")


if __name__ == "__main__":
    main()
