"""The vectors after the frozen layers, computed once and read again in every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int

from tunescope._core.errors import InputError
from tunescope._core.files import readable_write_errors
from tunescope._core.progress import track
from tunescope.models.batching import iterate_batches, plan_batches
from tunescope.models.encoder import Encoder
from tunescope.models.layer_stack import LayerStack
from tunescope.models.tokenized import TokenizedExamples

__all__ = ["FrozenPrefix", "prefix_file", "write_prefixes"]

_TOKEN_BUDGET = 1024
"""Positions in a batch: few enough for a processor's caches, and to be hardly padded."""


class FrozenPrefix:
    """The vectors of all subwords after some layer, mapped from disk.

    Args:
        path: A file that :func:`write_prefixes` wrote.
        tokenized: The sequences that it was written for.
    """

    def __init__(self, path: Path, tokenized: TokenizedExamples) -> None:
        self._vectors = np.load(path, mmap_mode="r")
        self._offsets = tokenized.offsets
        if len(self._vectors) != self._offsets[-1]:
            raise InputError(
                "The vectors of the frozen layers are not of these sentences.",
                where=path,
                expected=f"{self._offsets[-1]} subwords",
                got=len(self._vectors),
            )

    def read(
        self, sequences: Int[np.ndarray, " sequence"]
    ) -> Float[torch.Tensor, "sequence position hidden"]:
        """Return the vectors of some sequences, padded with zeros to the longest."""
        starts, ends = self._offsets[sequences], self._offsets[sequences + 1]
        padded = np.zeros(
            (len(sequences), int((ends - starts).max()), self._vectors.shape[1]), dtype=np.float32
        )
        for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
            padded[row, : end - start] = self._vectors[start:end]
        return torch.from_numpy(padded)


def write_prefixes(
    encoder: Encoder,
    tokenized: TokenizedExamples,
    layers: Sequence[int],
    folder: Path,
    *,
    bf16: bool = False,
) -> dict[int, Path]:
    """Write the vectors of all subwords after each of some layers, by one pass over the sentences.

    Args:
        encoder: The model before training, in evaluation mode.
        tokenized: The sequences.
        layers: After which layers, from 0 for the embeddings.
        folder: Where the files go; 4 bytes for each subword, dimension and layer.
        bf16: Whether training computes in bfloat16; the vectors are then what it would compute.

    Returns:
        The file of each layer, for :class:`FrozenPrefix`.
    """
    n_positions = int(tokenized.offsets[-1])
    paths = {layer: prefix_file(folder, layer) for layer in layers}
    device = encoder.device
    with readable_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {
            layer: np.lib.format.open_memmap(
                path, mode="w+", dtype=np.float32, shape=(n_positions, encoder.hidden_size)
            )
            for layer, path in paths.items()
        }
        batches = iterate_batches(
            tokenized,
            plan_batches(tokenized.lengths, _TOKEN_BUDGET),
            pad_token_id=encoder.tokenizer.pad_token_id,
            device=device,
        )
        stack = LayerStack(encoder.model)
        autocast = torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16)
        with (
            track("frozen layers", total=len(tokenized.lengths)) as advance,
            torch.inference_mode(),
            autocast,
        ):
            for batch in batches:
                for layer, hidden in enumerate(stack.states(batch.inputs, max(layers))):
                    if layer in arrays:
                        vectors = hidden.float().cpu().numpy()
                        _scatter(arrays[layer], vectors, tokenized, batch.sequences)
                advance(len(batch.sequences))
        for array in arrays.values():
            array.flush()
    return paths


def prefix_file(folder: Path, layer: int) -> Path:
    """Return the file of the vectors after a layer."""
    return folder / f"layer-{layer}.npy"


def _scatter(
    array: np.ndarray,
    hidden: Float[np.ndarray, "sequence position hidden"],
    tokenized: TokenizedExamples,
    sequences: Int[np.ndarray, " sequence"],
) -> None:
    for row, sequence in enumerate(sequences):
        start, end = tokenized.offsets[sequence], tokenized.offsets[sequence + 1]
        array[start:end] = hidden[row, : end - start]
