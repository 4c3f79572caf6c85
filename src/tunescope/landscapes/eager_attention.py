"""Attention in a form that can be differentiated twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import PreTrainedModel

from tunescope.models.quiet import quiet_transformers

__all__ = ["eager_attention"]


@contextmanager
def eager_attention(model: nn.Module) -> Iterator[None]:
    """Within this context, the model's attention is made of plain matrix products.

    The fused kernels (scaled dot-product attention, flash attention) have a first derivative only. Every transformer
    of Hugging Face inside the model is switched to ``"eager"``, and PyTorch's own attention, which other models call,
    to its plain form. At the end, also after an exception, each configuration has its former value again.

    The eager form gives the same loss up to rounding, takes longer, and keeps a matrix of attention weights per head.
    A model that cannot change its kind of attention keeps it; if that has no second derivative, products are refused.

    Args:
        model: Any module; with or without transformers in it.

    >>> from transformers import BertConfig, BertModel
    >>> model = BertModel(BertConfig(vocab_size=9, hidden_size=4, num_attention_heads=2, intermediate_size=4))
    >>> with eager_attention(model):
    ...     print(model.config._attn_implementation)
    eager
    >>> model.config._attn_implementation
    'sdpa'
    """
    inside = [module for module in model.modules() if isinstance(module, PreTrainedModel)]
    before = [
        (config, config._attn_implementation) for module in inside for config in _with_parts(module.config)
    ]
    try:
        with quiet_transformers():
            for module in inside:
                module.set_attn_implementation("eager")
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        for config, implementation in before:  # the outer ones first, for setting them sets their parts too
            config._attn_implementation = implementation


def _with_parts(config: Any) -> Iterator[Any]:
    """Yield a configuration and those of the models that it is made of."""
    yield config
    for name in getattr(config, "sub_configs", {}):
        part = getattr(config, name, None)
        if part is not None:
            yield from _with_parts(part)
