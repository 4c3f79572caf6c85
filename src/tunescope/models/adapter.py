"""PEFT adapters: put on their base model and merged into its weights."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    PreTrainedModel,
)

from tunescope._core.errors import ModelError
from tunescope._core.optional import import_optional
from tunescope.models.checkpoint import Checkpoint, readable_model_errors
from tunescope.models.quiet import quiet_transformers

__all__ = ["load_adapted"]

_CLASSES = {"TOKEN_CLS": AutoModelForTokenClassification, "SEQ_CLS": AutoModelForSequenceClassification}
_WITHOUT_WEIGHTS = ("PROMPT", "PREFIX", "P_TUNING")
"""Kinds of adapters that put vectors before the input."""
_HEAD_WEIGHTS = ("classifier.weight", "score.weight", "classifier.out_proj.weight")


def load_adapted(
    adapter: Checkpoint, base: Checkpoint, *, dtype: torch.dtype
) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """Return the base model with the adapter merged into its weights, and with the head that the adapter brings.

    Args:
        adapter: A folder as peft's ``save_pretrained`` writes it.
        base: The model that it was trained on.
        dtype: Number format of the weights.

    Returns:
        A model of the class that the adapter was trained with, whose ``base_model`` is the encoder; and the weights
        of its head that neither the base nor the adapter has, which are random.

    Raises:
        ModelError: The adapter does not fit the base, or cannot be loaded.
        MissingExtraError: peft is not installed.
    """
    peft = import_optional("peft", extra="peft", purpose="load the adapter")
    kind = str(adapter.config.get("peft_type"))
    if any(word in kind for word in _WITHOUT_WEIGHTS):
        raise ModelError(
            "The adapter changes the input, not the weights: there is nothing to merge.",
            where=adapter.name,
            expected="an adapter of weights, such as LORA",
            got=kind,
        )
    with readable_model_errors(adapter):
        saved = _saved_weights(adapter.folder)
    model, missing = _load_base(adapter, base, dtype, saved)
    with quiet_transformers(), readable_model_errors(adapter), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adapted = peft.PeftModel.from_pretrained(model, adapter.folder)
        merged = adapted.merge_and_unload()
    misfits = [str(warning.message) for warning in caught if "missing adapter keys" in str(warning.message)]
    if misfits:
        raise ModelError(
            "The adapter does not fit the base model: some of its weights have no place there.",
            where=adapter.name,
            expected=f"an adapter trained on {base.name}, with its task_type in adapter_config.json",
            got=misfits[0][:300],
            fix="check the base; where task_type is null, set it to TOKEN_CLS, SEQ_CLS or FEATURE_EXTRACTION",
        )
    merged.requires_grad_(False)
    torch.nn.Module.eval(merged)
    loaded: PreTrainedModel = merged
    return loaded, tuple(name for name in missing if not any(name.endswith(key) for key in saved))


def _load_base(
    adapter: Checkpoint, base: Checkpoint, dtype: torch.dtype, saved: Mapping[str, tuple[int, ...]]
) -> tuple[PreTrainedModel, list[str]]:
    """Return the base model in the adapter's class, and the names of the weights that the base lacks."""
    cls = _CLASSES.get(str(adapter.config.get("task_type")), AutoModel)
    config = copy.deepcopy(base.model_config)
    n_labels = [shape[0] for name, shape in saved.items() if name in _HEAD_WEIGHTS]
    if n_labels:
        config.num_labels = n_labels[0]
    if (adapter.folder / "config.json").exists():  # a user's own: peft does not write the names of the labels
        with readable_model_errors(adapter):
            names = AutoConfig.from_pretrained(adapter.folder / "config.json")
        config.id2label, config.label2id = names.id2label, names.label2id
    with quiet_transformers(), readable_model_errors(base):
        model, report = cls.from_pretrained(
            base.folder, config=config, dtype=dtype, use_safetensors=True, output_loading_info=True
        )
    inside = f"{model.base_model_prefix}."
    encoder_lacks = [
        name for name in report["missing_keys"] if name.startswith(inside) and "pooler." not in name
    ]
    if encoder_lacks:
        raise ModelError(
            "The checkpoint lacks weights that the model needs.",
            where=base.name,
            got=", ".join(encoder_lacks[:5]),
        )
    uses_pooler = cls is AutoModelForSequenceClassification
    return model, [name for name in sorted(report["missing_keys"]) if uses_pooler or "pooler." not in name]


def _saved_weights(folder: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the adapter's weights by name, without peft's prefix."""
    shapes: dict[str, tuple[int, ...]] = {}
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118 - not a mapping
                short = name.removeprefix("base_model.model.")
                shapes[short] = tuple(file.get_slice(name).get_shape())
    return shapes
