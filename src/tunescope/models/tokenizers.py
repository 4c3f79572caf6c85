"""Loading tokenizers, and setting them up for texts that are given as words."""

from __future__ import annotations

import copy
import json
from typing import Any

from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from tunescope._core.errors import ModelError
from tunescope.models.checkpoint import Checkpoint, readable_model_errors
from tunescope.models.quiet import quiet_transformers

__all__ = ["load_tokenizer", "tokenizer_for_words"]


def load_tokenizer(checkpoint: Checkpoint, fallback: Checkpoint | None = None) -> PreTrainedTokenizerBase:
    """Load a checkpoint's fast tokenizer.

    Args:
        checkpoint: The model.
        fallback: Whose tokenizer to take where the checkpoint has none, as snapshots have.

    Raises:
        ModelError: There is no tokenizer, or only one that does not know the words of its subwords.
    """
    source = checkpoint if checkpoint.has_tokenizer or fallback is None else fallback
    if not source.has_tokenizer:  # transformers would make an empty one, to which every word is unknown
        raise ModelError(
            "The model has no tokenizer.",
            where=source.name,
            expected="tokenizer.json, vocab.txt or the like beside the weights",
            fix="copy the files of the tokenizer that the model was trained with into the folder",
        )
    with quiet_transformers(), readable_model_errors(source):
        tokenizer = AutoTokenizer.from_pretrained(source.folder, use_fast=True)
    if not tokenizer.is_fast:
        raise ModelError(
            "The tokenizer does not know the words of its subwords.",
            where=source.name,
            expected="a fast tokenizer (tokenizer.json)",
            got=type(tokenizer).__name__,
        )
    if tokenizer.pad_token_id is None:  # decoders are often trained without padding; the mask hides it
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    loaded: PreTrainedTokenizerBase = tokenizer
    return loaded


def tokenizer_for_words(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """Return the tokenizer, or a copy of it, for texts that come as words.

    Byte-level tokenizers tell the beginning of a word by the space before it. Words that are given one by one
    have none, so it is put there; otherwise all would look like the inside of one long word.
    """
    description = json.loads(tokenizer.backend_tokenizer.to_str())
    steps = list(_byte_level_steps(description.get("pre_tokenizer")))
    if all(step.get("add_prefix_space", True) for step in steps):
        return tokenizer
    for step in steps:
        step["add_prefix_space"] = True
    for_words = copy.deepcopy(tokenizer)
    changed = Tokenizer.from_str(json.dumps(description))
    for_words.backend_tokenizer.pre_tokenizer = changed.pre_tokenizer
    for_words.add_prefix_space = True
    return for_words


def _byte_level_steps(step: dict[str, Any] | None) -> list[dict[str, Any]]:
    if step is None:
        return []
    if step["type"] == "Sequence":
        return [found for inner in step["pretokenizers"] for found in _byte_level_steps(inner)]
    return [step] if step["type"] == "ByteLevel" else []
