"""PEFT adapters: put on their base model and merged into its weights."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

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
from tunescope.models.checkpoint import Checkpoint
from tunescope.models.encoder import quiet_transformers, readable_model_errors

__all__ = ["load_adapted"]

_CLASSES = {"TOKEN_CLS": AutoModelForTokenClassification, "SEQ_CLS": AutoModelForSequenceClassification}
_HEAD_WEIGHTS = ("classifier.weight", "score.weight", "classifier.out_proj.weight")


def load_adapted(adapter: Checkpoint, base: Checkpoint, *, dtype: torch.dtype) -> PreTrainedModel:
    """Return the base model with the adapter merged into its weights, and with the head that the adapter brings.

    Args:
        adapter: A folder as peft's ``save_pretrained`` writes it.
        base: The model that it was trained on.
        dtype: Number format of the weights.

    Returns:
        A model of the class that the adapter was trained with; its ``base_model`` is the encoder.

    Raises:
        ModelError: The adapter does not fit the base, or cannot be loaded.
        MissingExtraError: peft is not installed.
    """
    peft = import_optional("peft", extra="peft", purpose="load the adapter")
    model = _load_base(adapter, base, dtype)
    with quiet_transformers(), readable_model_errors(adapter), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adapted = peft.PeftModel.from_pretrained(model, adapter.folder)
        merged = adapted.merge_and_unload()
    misfits = [str(warning.message) for warning in caught if "missing adapter keys" in str(warning.message)]
    if misfits:
        raise ModelError(
            "The adapter does not fit the base model: some of its weights have no place there.",
            where=adapter.name,
            expected=f"an adapter trained on {base.name}",
            got=misfits[0][:300],
        )
    merged.requires_grad_(False)
    torch.nn.Module.eval(merged)
    loaded: PreTrainedModel = merged
    return loaded


def _load_base(adapter: Checkpoint, base: Checkpoint, dtype: torch.dtype) -> PreTrainedModel:
    cls = _CLASSES.get(str(adapter.config.get("task_type")), AutoModel)
    n_labels = _n_labels(adapter.folder)
    with quiet_transformers(), readable_model_errors(base):
        config: Any = AutoConfig.from_pretrained(base.folder)
        if n_labels is not None:
            config.num_labels = n_labels
        saved = adapter.folder / "config.json"
        if saved.exists():  # peft does not write one; a user may have, to keep the names of the labels
            names = AutoConfig.from_pretrained(saved)
            config.id2label, config.label2id = names.id2label, names.label2id
        model: PreTrainedModel = cls.from_pretrained(
            base.folder, config=config, dtype=dtype, use_safetensors=True
        )
    return model


def _n_labels(folder: Path) -> int | None:
    """Return how many classes the head has that is saved with the adapter, ``None`` if there is none."""
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118 - not a mapping
                if name.endswith(_HEAD_WEIGHTS):
                    return int(file.get_slice(name).get_shape()[0])
    return None
