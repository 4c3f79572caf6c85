"""A pre-trained transformer with its tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from tunescope._core.errors import ModelError
from tunescope.models.checkpoint import Checkpoint, find_checkpoint

__all__ = ["Encoder", "choose_device", "load_encoder", "load_tokenizer", "quiet_transformers"]

_UNUSED_PARTS = ("pooler.",)
"""Parameters that may be missing from a checkpoint: no vector of any layer depends on them."""


@dataclass(frozen=True)
class Encoder:
    """A transformer without its task head, ready for inference, and its tokenizer.

    Attributes:
        checkpoint: Where it came from.
        model: The transformer; with ``output_hidden_states`` it returns the vectors of every layer.
        tokenizer: A fast tokenizer, which knows the words of its subwords.
        max_length: Longest input in subwords, special tokens included.
        weights_sha256: Hash of the weights; of an adapter's and its base's where one was merged.
    """

    checkpoint: Checkpoint
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    max_length: int
    weights_sha256: str

    @property
    def n_layers(self) -> int:
        """Number of layers after the embeddings."""
        return int(self.model.config.num_hidden_layers)

    @property
    def hidden_size(self) -> int:
        """Length of a vector."""
        return int(self.model.config.hidden_size)

    @property
    def n_parameters(self) -> int:
        """Number of weights."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def device(self) -> torch.device:
        """The device that the model is on."""
        return self.model.device


def load_encoder(
    source: str | Path | Checkpoint,
    *,
    device: str = "auto",
    dtype: torch.dtype = torch.float32,
    tokenizer_of: Checkpoint | None = None,
) -> Encoder:
    """Load a transformer by name or folder, without any task head.

    Args:
        source: A folder, a name on the Hugging Face hub, or a checkpoint already found.
        device: ``"auto"`` (a GPU where there is one), ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"`` …
        dtype: Number format of the weights and the computation.
        tokenizer_of: Whose tokenizer to use where the checkpoint has none of its own, as snapshots have.

    Raises:
        ModelError: There is no such model, its weights are pickled, weights are missing from it, it needs code
            of its own, or it has no fast tokenizer.
    """
    checkpoint = source if isinstance(source, Checkpoint) else find_checkpoint(source)
    if checkpoint.is_adapter:
        raise ModelError("This is an adapter, not a whole model.", where=checkpoint.name)
    with quiet_transformers(), readable_model_errors(checkpoint):
        model, report = AutoModel.from_pretrained(
            checkpoint.folder, dtype=dtype, use_safetensors=True, output_loading_info=True
        )
    missing = sorted(key for key in report["missing_keys"] if not key.startswith(_UNUSED_PARTS))
    if missing:
        raise ModelError(
            "The checkpoint lacks weights that the model needs.",
            where=checkpoint.name,
            expected=f"all weights of {type(model).__name__}",
            got=f"{len(missing)} missing: {', '.join(missing[:5])}",
        )
    return make_encoder(
        checkpoint, model, _tokenizer_for(checkpoint, tokenizer_of), device, checkpoint.weights_sha256
    )


def make_encoder(
    checkpoint: Checkpoint,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    device: str,
    weights_sha256: str,
) -> Encoder:
    """Put a loaded model on its device and switch off dropout."""
    if model.config.is_encoder_decoder:
        model = model.get_encoder()
    model.requires_grad_(False)
    torch.nn.Module.eval(model)
    torch.nn.Module.to(model, choose_device(device))
    return Encoder(checkpoint, model, tokenizer, _max_length(model, tokenizer), weights_sha256)


def _tokenizer_for(checkpoint: Checkpoint, fallback: Checkpoint | None) -> PreTrainedTokenizerBase:
    return load_tokenizer(checkpoint if checkpoint.has_tokenizer or fallback is None else fallback)


def load_tokenizer(checkpoint: Checkpoint) -> PreTrainedTokenizerBase:
    """Load the checkpoint's fast tokenizer, set up for texts that are given as words.

    Raises:
        ModelError: There is no tokenizer, or only one that does not know the words of its subwords.
    """
    with quiet_transformers(), readable_model_errors(checkpoint):
        tokenizer = AutoTokenizer.from_pretrained(checkpoint.folder, use_fast=True)
        if getattr(tokenizer, "add_prefix_space", True) is False:  # byte-level BPE refuses words without it
            tokenizer = AutoTokenizer.from_pretrained(checkpoint.folder, use_fast=True, add_prefix_space=True)
    if not tokenizer.is_fast:
        raise ModelError(
            "The tokenizer does not know the words of its subwords.",
            where=checkpoint.name,
            expected="a fast tokenizer (tokenizer.json)",
            got=type(tokenizer).__name__,
        )
    if tokenizer.pad_token_id is None:  # decoders are often trained without padding; the mask hides it
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    return tokenizer


def choose_device(device: str) -> torch.device:
    """Return the device of that name; ``"auto"`` takes a GPU where there is one.

    Raises:
        ModelError: There is no such device.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(
            "There is no such device.",
            where=f"device {device!r}",
            expected="auto, cpu, cuda, cuda:N or mps",
            got=str(error).splitlines()[0],
        ) from error
    return chosen


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence the library's loading reports and bars; what matters in them is checked by the caller."""
    verbosity = transformers.logging.get_verbosity()
    bars = transformers.logging.is_progress_bar_enabled()
    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        transformers.logging.set_verbosity(verbosity)
        if bars:
            transformers.logging.enable_progress_bar()  # type: ignore[no-untyped-call]


@contextmanager
def readable_model_errors(checkpoint: Checkpoint) -> Iterator[None]:
    """Turn what transformers raises for a folder that it cannot load into a :class:`ModelError`."""
    try:
        yield
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        needs_code = "trust_remote_code" in str(error)
        raise ModelError(
            "The model needs code of its own, which is not run."
            if needs_code
            else "The model cannot be loaded.",
            where=checkpoint.name,
            expected="an architecture that the installed transformers has",
            got=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}",
        ) from error


def _max_length(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the longest input in subwords that both the positions and the tokenizer allow."""
    limits = [tokenizer.model_max_length]
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions is not None:
        limits.append(positions - _position_offset(model))
    return int(min(limits))


def _position_offset(model: Any) -> int:
    """Return how many positions the model never uses: RoBERTa and its kin start to count after the padding id."""
    embeddings = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
    padding = getattr(embeddings, "padding_idx", None)
    return 0 if padding is None else int(padding) + 1
