"""A pre-trained transformer with its tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel, PreTrainedModel, PreTrainedTokenizerBase

from tunescope._core.errors import ModelError
from tunescope.models.checkpoint import Checkpoint, find_checkpoint, readable_model_errors, state_hash
from tunescope.models.devices import choose_device
from tunescope.models.quiet import quiet_transformers
from tunescope.models.tokenizers import load_tokenizer, tokenizer_for_words
from tunescope.tasks.example import TargetKind

__all__ = ["Encoder", "load_encoder", "make_encoder"]

_UNUSED_PARTS = ("pooler.",)
"""Parameters that may be missing from a checkpoint: no vector of any layer depends on them."""


@dataclass(frozen=True)
class Encoder:
    """A transformer without its task head, ready for inference, and its tokenizer.

    Attributes:
        checkpoint: Where it came from.
        model: The transformer; with ``output_hidden_states`` it returns the vectors of every layer.
        tokenizer: A fast tokenizer, which knows the words of its subwords; for running text.
        word_tokenizer: The same, for texts that are given as words.
        max_length: Longest input in subwords, special tokens included.
        state_sha256: Hash of weights and tokenizer, see :func:`tunescope.models.checkpoint.state_hash`.
    """

    checkpoint: Checkpoint
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    word_tokenizer: PreTrainedTokenizerBase
    max_length: int
    state_sha256: str

    @property
    def n_layers(self) -> int:
        """Number of layers after the embeddings."""
        return int(self.model.config.num_hidden_layers)

    @property
    def hidden_size(self) -> int:
        """Length of a vector."""
        return int(self.model.config.hidden_size)

    def tokenizer_for(self, target: TargetKind) -> PreTrainedTokenizerBase:
        """Return the tokenizer for examples with this kind of target."""
        as_words = target in (TargetKind.TOKEN, TargetKind.PAIR)
        return self.word_tokenizer if as_words else self.tokenizer

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
    with quiet_transformers(), readable_model_errors(checkpoint), torch.random.fork_rng(devices=[]):
        # A part that the checkpoint lacks is drawn at random: the same each time.
        torch.default_generator.manual_seed(0)
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
    tokenizer = load_tokenizer(checkpoint, tokenizer_of)
    return make_encoder(checkpoint, model, tokenizer, device, state_hash(checkpoint, tokenizer_of))


def make_encoder(
    checkpoint: Checkpoint,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    device: str,
    state_sha256: str,
) -> Encoder:
    """Put a loaded model on its device and switch off dropout.

    Raises:
        ModelError: The model is no text encoder or decoder, or there is no such device.
    """
    if model.config.is_encoder_decoder:
        model = model.get_encoder()
    for name in ("num_hidden_layers", "hidden_size"):
        if not isinstance(getattr(model.config, name, None), int):
            raise ModelError(
                "The model is no text encoder or decoder.",
                where=checkpoint.name,
                expected=f"{name} in its configuration",
                got=type(model).__name__,
            )
    model.requires_grad_(False)
    torch.nn.Module.eval(model)
    torch.nn.Module.to(model, choose_device(device))
    return Encoder(
        checkpoint=checkpoint,
        model=model,
        tokenizer=tokenizer,
        word_tokenizer=tokenizer_for_words(tokenizer),
        max_length=_max_length(model, tokenizer),
        state_sha256=state_sha256,
    )


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
